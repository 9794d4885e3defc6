/* SPDX-License-Identifier: GPL-2.0 */
/*
 * world.h - the processes, buffers, devices, pipes, pins, rings and the file
 * that random sequences use
 *
 * A process opens it once and runs many sequences in it: opening a device takes
 * longer than a sequence. At the end of a sequence only the devices, the rings
 * and the file stay open.
 */
#ifndef HMM_COHERENT_WORLD_H
#define HMM_COHERENT_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "explore/op.h"
#include "reach/child.h"
#include "reach/direct_io.h"
#include "reach/ring.h"
#include "reach/transfer.h"
#include "see/device.h"

/* In memory that all processes share: the operation that one of them carries out. */
struct desk {
	struct op op;
	struct step step;
	pid_t target;		/* for an operation on another process */
	/* for the comparison of bytes: which pages, and what they must contain */
	unsigned int look, whole;
	int content[MM_PAGES];
	/* the first word that differs, by page */
	struct {
		size_t word;
		uint64_t expected, seen;
	} differs[MM_PAGES];
	struct {
		long resident, walked, locked, pinned;
	} counts;		/* pages, of a process */
};

/* What a command to a device of the owner may have: all pages of all processes, and more. */
#define WORLD_BOUNCE_PAGES (MM_PROCESSES * MM_PAGES + MM_BUFFER_PAGES)

struct world {
	unsigned char *base;
	struct desk *desk;
	unsigned char *templates;	/* MM_CONTENTS pages, shared */
	uint32_t serial;	/* of the last template */
	unsigned char *scratch;	/* a page that children do not inherit */
	struct child process[MM_PROCESSES];	/* the owner is not used */
	int pipes[MM_PROCESSES][4];
	int pagemap[MM_PROCESSES];
	int kpagecount, kpageflags;
	struct device device[PLACE_COUNT];	/* of the owner: coherent, remote, private */
	struct medium medium;
	bool has_medium;
	struct ring ring[2], spare[2];
	bool has_ring;
	int file;		/* that is mapped; -1: none */
	const char *swap;	/* a file to swap to; NULL: none */
	bool has_gup_test;
	/* what holds references */
	int held_pipe[2][2];
	int held_pin;
	int uffd;
	int tee[2];		/* to look into a pipe without emptying it */
	/* the device that completes its transfers when it is resumed */
	struct medium slow;
	bool has_slow, in_flight, no_swap, two_nodes, ksm;
	struct transfer transfer;
	aio_context_t transfers;
	struct dm_suspension suspension;
};

extern struct world world;

void world_open(void);

/*
 * Unregister the buffers of a sequence that ends, and use two other rings. Up to 6.12 the
 * kernel waits for a grace period, so a thread does it.
 */
void world_retire_rings(void);

/* Wait until that is done, before something depends on it: VmPin, and the end of a process. */
void world_await_rings(void);

/* End a sequence: release all that holds a page, end the processes, unmap the buffers. */
void world_reset(const struct mm_model *m);

unsigned char *world_page(int page);

/*
 * Compare @result bytes that an operation has read with what it must read. A
 * difference is kept for watch(). Returns @result.
 */
long world_compared(const void *bytes, long result);
unsigned char *world_template(int content);

/* Give the contents [@first, @end) bytes that no page had before. */
void world_fill_templates(int first, int end);

/* Let @who carry out @act, and return its result. */
long world_do(enum mm_who who, child_act *act, long arg);

pid_t world_pid(enum mm_who who);

/* The node of a page of the process @pid, 0: the calling one; or -errno. */
long world_node(pid_t pid, int page);

/* Map @pages pages of the buffer @number in the owner. */
void world_map(int number, int pages);

/*
 * The same of the file, whose pages get the contents @first and so on before. Each page
 * is a mapping of its own, which the kernel does not merge with the next one.
 */
void world_map_file(int number, int pages, int first);

/* @parent forks @child. */
void world_fork(enum mm_who parent, enum mm_who child);

/* @who exits, or is killed; @parent waits for it. */
void world_end(enum mm_who who, enum mm_who parent, bool killed);

/* The device of the calling process, which opens it if it has not yet. */
struct device *world_mirror(enum mm_who who, enum place place);

/*
 * Drain the LRU batches of this processor, which hold references. A call of
 * MADV_COLD does that for any memory (madvise_cold()).
 */
void world_drain(void);

#endif
