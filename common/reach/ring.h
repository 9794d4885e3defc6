/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring.h - io_uring: registered ("fixed") buffers, and reads and writes with and without them
 */
#ifndef HMM_COHERENT_RING_H
#define HMM_COHERENT_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "report/report.h"

struct ring {
	struct io_uring uring;
	bool registered;
};

enum ring_op { RING_READ, RING_WRITE, RING_READ_FIXED, RING_WRITE_FIXED };

/* Is there io_uring here? */
bool ring_available(void);

/* A ring of its own. Breaks the test when there is none. */
void ring_open(struct ring *ring);
void ring_close(struct ring *ring);

/*
 * Close this process's descriptor and nothing else: whoever inherited it still
 * has the ring, with all that is registered in it.
 */
void ring_forget(struct ring *ring);

/* Register one buffer as number 0. Returns 0 or -errno (liburing returns it; errno is not set). */
int ring_register(struct ring *ring, void *addr, size_t size) __must_check;

/* Drop it again, which unpins its pages before it returns. Returns 0 or -errno. */
int ring_unregister(struct ring *ring) __must_check;

/*
 * Transfer @size bytes between @addr and offset 0 of @fd, and wait for it, at
 * most 20 s. The fixed ones use registered buffer 0, in which @addr has to lie.
 * Returns bytes or -errno, from the completion.
 */
long ring_transfer(struct ring *ring, enum ring_op op, int fd, void *addr,
		   size_t size) __must_check;

/* The same in two steps, for what happens while a transfer is in flight. */
void ring_start(struct ring *ring, enum ring_op op, int fd, void *addr, size_t size);
long ring_finish(struct ring *ring) __must_check;
/*
 * Wait for a completion, at most @seconds, whatever signals come meanwhile.
 * Returns 0 or -errno, -ETIME when there was none.
 */
int ring_wait(struct ring *ring, struct io_uring_cqe **cqe, int seconds) __must_check;
/* Has it completed? Does not wait. */
bool ring_is_done(struct ring *ring) __must_check;

#endif
