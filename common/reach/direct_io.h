/* SPDX-License-Identifier: GPL-2.0 */
/*
 * direct_io.h - the medium of direct I/O: a file on a filesystem, or a raw
 * block device
 */
#ifndef HMM_COHERENT_DIRECT_IO_H
#define HMM_COHERENT_DIRECT_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "reach/buffer.h"
#include "report/compiler.h"

struct medium {
	int fd;			/* O_DIRECT */
	/*
	 * the same file without O_DIRECT, to check bytes through the page cache
	 */
	int buffered;
	/*
	 * bytes: offsets and lengths must be multiples of it (STATX_DIOALIGN,
	 * or a safe value)
	 */
	size_t align;
	/* the same of addresses in memory */
	size_t memory_align;
	/* a mapping of the medium that is never touched, for mincore() */
	void *cache;
	/*
	 * BUFFER_PAGES_MAX pages of ordinary memory, to prepare and check the
	 * medium
	 */
	void *bounce;
};

enum medium_kind {
	ON_FILE,	/* in $HMM_COHERENT_DIR */
	ON_RAW,		/* the block device $HMM_COHERENT_RAW */
	ON_SLOW,	/* $HMM_COHERENT_SLOW, whose transfers complete late */
	ON_RAW_4K,	/* $HMM_COHERENT_RAW_4K, whose blocks have 4 KiB */
	ON_XFS,		/* a file in $HMM_COHERENT_XFS */
	ON_BTRFS,	/* and in $HMM_COHERENT_BTRFS */
};

bool medium_is_file(enum medium_kind kind);

/*
 * Can the running kernel never have such a medium? The reason for WHY_NOT(),
 * or NULL.
 */
const char *medium_why_not(enum medium_kind kind);

/*
 * Open a medium: a block device, or a new file, which is unlinked at once so
 * that nothing is left behind. False if the environment does not name one. The
 * test is broken if it cannot be used.
 */
bool medium_take(struct medium *medium, enum medium_kind kind) __must_check;

/* The same; the test is skipped if there is none. */
void medium_need(struct medium *medium, enum medium_kind kind);

/* Open the file or the raw device. */
bool medium_any(struct medium *medium) __must_check;

void medium_close(struct medium *medium);

/*
 * Write pages [0, @pages) of the buffer with @serial, in @writer's pattern, to
 * the medium.
 */
void medium_write(struct medium *medium, uint32_t serial, size_t pages, enum writer writer);

/* The bytes of page @page of the medium, read directly into ordinary memory. */
enum data medium_look(struct medium *medium, uint32_t serial, size_t page, enum writer before,
		      enum writer after);

/*
 * How many of the pages [0, @pages) of the medium are in the page cache, by
 * mincore(2), which does not read them in. A direct transfer leaves none,
 * unless it falls back to buffered I/O.
 */
size_t medium_cached(struct medium *medium, size_t pages);

/* Like medium_look(), read through the page cache. */
enum data medium_look_buffered(struct medium *medium, uint32_t serial, size_t page,
			       enum writer before, enum writer after);

#endif
