/* SPDX-License-Identifier: GPL-2.0 */
/*
 * child.h - other processes: a child that shares pages, and one that maps none
 * of them and accesses this process's memory
 *
 * A child only carries out requests and sends back what it got. It checks
 * nothing and reports nothing, so the parent judges all of it and no verdict is
 * lost with a child. A child that dies is an end of file, one that hangs runs
 * into a deadline; both end the test with the request that the child was given.
 */
#ifndef HMM_COHERENT_CHILD_H
#define HMM_COHERENT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "reach/buffer.h"
#include "reach/cpu.h"
#include "reach/request.h"
#include "report/compiler.h"

struct child {
	pid_t pid;		/* 0: there is none */
	int requests, answers;	/* pipes, as seen from the parent */
};

/* Fork a child: it maps what the caller maps now, copy on write. It dies with the caller. */
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

#endif
