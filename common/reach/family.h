/* SPDX-License-Identifier: GPL-2.0 */
/*
 * family.h - other processes: a child that shares pages, a stranger that
 * reaches into this one
 *
 * Children act, parents judge. A child is a puppet: it does what it is told and
 * sends back what it got; it has no opinion, so it has no logic of its own that
 * could be wrong, and no verdict that could be lost on the way. A partner that
 * dies is an end of file, one that hangs runs into a deadline; both break the
 * test, and say which order it was.
 */
#ifndef HMM_COHERENT_FAMILY_H
#define HMM_COHERENT_FAMILY_H

#include <stdbool.h>
#include <sys/types.h>

#include "reach/buffer.h"
#include "report/compiler.h"

struct child {
	pid_t pid;		/* 0: there is none */
	int orders, answers;	/* pipes, as seen from the parent */
};

/* Result of an access that ended in a signal instead of an errno. */
#define KILLED_BY(signal) (-1000L - (signal))
#define IS_SIGNAL(result) ((result) < -1000L)
#define SIGNAL_OF(result) (-(result) - 1000)

/* Fork a puppet: it maps what the caller maps now, copy on write. It dies with the caller. */
void child_fork(struct child *child);

/*
 * Let it exit, and wait for that: afterwards nothing is mapped by it. It must
 * exit with 0. Nothing happens when there is none.
 */
void child_leave(struct child *child);

/* The same by execve(2) of a program that exits with 0. */
void child_exec(struct child *child);

/* The same by SIGKILL, which it must die of. */
void child_kill(struct child *child);

/*
 * The child's CPU reads or writes pages [first, first + count) of its copy of
 * @buffer. Returns bytes, or KILLED_BY().
 */
long child_write(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		 enum writer writer) __must_check;
long child_read(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		void *to) __must_check;

/* What the child's CPU sees in one page. */
enum data child_look(struct child *child, const struct buffer *buffer, size_t page,
		     enum writer before, enum writer after) __must_check;

/* The child changes its own mapping of the buffer. Returns 0 or -errno. */
long child_unmap(struct child *child, const struct buffer *buffer, size_t first,
		 size_t count) __must_check;
long child_protect(struct child *child, const struct buffer *buffer, int prot) __must_check;

/*
 * The child runs @act in its own copy of this program, for what only one story
 * needs. @act judges nothing and reports nothing: it returns what it got, which
 * child_call() returns. What @arg points to is the child's copy, as it was when
 * the child was forked.
 */
typedef long child_act(const struct buffer *buffer, long arg);
long child_call(struct child *child, const struct buffer *buffer, child_act *act,
		long arg) __must_check;

/*
 * The other process reaches into this one, at @addr, @count pages:
 * process_vm_readv() into @to, process_vm_writev(), ptrace POKEDATA and
 * PEEKDATA. Returns bytes or -errno. A write fills the page in the hand of
 * BY_OTHER.
 */
long other_vm_read(struct child *other, const struct buffer *buffer, size_t first, size_t count,
		   void *to) __must_check;
long other_vm_write(struct child *other, const struct buffer *buffer, size_t first,
		    size_t count) __must_check;
long other_poke(struct child *other, const struct buffer *buffer, size_t first,
		size_t count) __must_check;
long other_peek(struct child *other, const struct buffer *buffer, size_t first, size_t count,
		void *to) __must_check;

/*
 * This process's CPU reads (into @to, may be NULL) or writes; a fault that ends
 * in a signal comes back as KILLED_BY().
 */
long cpu_read(const struct buffer *buffer, size_t first, size_t count, void *to) __must_check;
long cpu_write(struct buffer *buffer, size_t first, size_t count, enum writer writer) __must_check;

#endif
