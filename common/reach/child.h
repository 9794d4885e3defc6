/* SPDX-License-Identifier: GPL-2.0 */
/*
 * child.h - other processes: a child that shares pages with this process, or a
 * process that maps none of them and accesses them from outside
 *
 * A child only carries out requests and returns the results. The parent does
 * all checks and reports, so no verdict is lost with a child. If a child dies
 * or does not answer in time, the test ends with the name of the request.
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

/* Fork a child, which shares the caller's private memory copy-on-write. It dies with the caller. */
void child_fork(struct child *child);

/*
 * Let the child exit with 0, and wait for that, so that its mappings are gone.
 * Does nothing if there is no child.
 */
void child_leave(struct child *child);

/* The same, by execve(2) of a program that exits with 0. */
void child_exec(struct child *child);

/* The same, by SIGKILL. */
void child_kill(struct child *child);

/*
 * The child's CPU reads or writes pages [first, first + count) of its copy of
 * @buffer. Returns bytes, or KILLED_BY().
 */
long child_write(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		 enum writer writer) __must_check;
long child_read(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		void *to) __must_check;

/* The bytes of one page that the child's CPU reads. */
enum data child_look(struct child *child, const struct buffer *buffer, size_t page,
		     enum writer before, enum writer after) __must_check;

/* The child changes its own mapping of the buffer. Returns 0 or -errno. */
long child_unmap(struct child *child, const struct buffer *buffer, size_t first,
		 size_t count) __must_check;
long child_protect(struct child *child, const struct buffer *buffer, int prot) __must_check;

/*
 * The child calls @act in its own copy of this program. @act checks and reports
 * nothing: child_call() returns its result. If @arg is a pointer, it refers to
 * the child's copy of the memory, as of the fork.
 */
long child_call(struct child *child, const struct buffer *buffer, child_act *act,
		long arg) __must_check;

/*
 * The other process accesses @count pages of this process, from page @first of
 * the buffer on: process_vm_readv() into @to, process_vm_writev(), ptrace
 * POKEDATA and PEEKDATA into @to. Returns bytes or -errno. A write fills the
 * pages with the pattern of BY_OTHER.
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
