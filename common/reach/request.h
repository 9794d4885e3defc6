/* SPDX-License-Identifier: GPL-2.0 */
/*
 * request.h - what a child process can be asked to do, and how it does it
 *
 * The two ends of a pair of pipes: the parent's is in child.c.
 */
#ifndef HMM_COHERENT_REQUEST_H
#define HMM_COHERENT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "reach/buffer.h"
#include "report/compiler.h"

enum request {
	REQUEST_READ, REQUEST_WRITE, REQUEST_UNMAP, REQUEST_PROTECT, REQUEST_VM_READ,
	REQUEST_VM_WRITE, REQUEST_POKE, REQUEST_PEEK, REQUEST_CALL, REQUEST_LEAVE, REQUEST_EXEC
};

/* A function of this program that a child runs in its copy; see child_call(). */
typedef long child_act(const struct buffer *buffer, long arg);

struct message {
	enum request request;
	struct buffer buffer;
	size_t first, count;
	enum writer writer;
	int prot;
	child_act *act;
	long arg;
	pid_t target;
};

/* For messages: "process_vm_readv" */
const char *request_name(enum request request);

/* Is the answer, a number, followed by that many bytes when it is positive? */
bool request_gets_bytes(enum request request) __must_check;

/* For copies: BUFFER_PAGES_MAX pages, whose content no test looks at. */
void *request_scratch(void);

/* Write all of @data. False when the other end is gone. */
bool request_put(int fd, const void *data, size_t size) __must_check;

/*
 * The life of a child of @parent: carry out what comes out of @requests, and
 * write its result, bytes or 0 or -errno or KILLED_BY(), into @answers. Exits
 * with 0 when it is asked to, with 7 when something is wrong with either pipe.
 */
void request_serve(pid_t parent, int requests, int answers) __noreturn;

#endif
