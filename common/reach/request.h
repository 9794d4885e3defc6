/* SPDX-License-Identifier: GPL-2.0 */
/*
 * request.h - the requests that a child process carries out
 *
 * This is the child's end of a pair of pipes; the parent's is in child.c.
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

/* A function that a child calls in its copy of this program; see child_call(). */
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

/* The name for messages: "process_vm_readv" */
const char *request_name(enum request request);

/* Do that many bytes follow if the answer is a positive number? */
bool request_gets_bytes(enum request request) __must_check;

/* BUFFER_PAGES_MAX pages for temporary copies. */
void *request_scratch(void);

/* Write all of @data. False if the other end is closed. */
bool request_put(int fd, const void *data, size_t size) __must_check;

/*
 * Main loop of a child of @parent: carry out each request from @requests, and
 * write its result (bytes, 0, -errno or KILLED_BY()) to @answers. Exits with 0
 * on request, and with 7 after an error of either pipe.
 */
void request_serve(pid_t parent, int requests, int answers) __noreturn;

/* The same without the death of the parent, for a process that may outlive it. */
void request_loop(int requests, int answers) __noreturn;

#endif
