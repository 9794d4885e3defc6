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

#include "reach/dm_suspend.h"
#include "report/report.h"

struct ring {
	struct io_uring uring;
	bool registered;
};

enum ring_op { RING_READ, RING_WRITE, RING_READ_FIXED, RING_WRITE_FIXED };

/* Can this process use io_uring? */
bool ring_available(void);

/* Open a ring. Ends the test if that fails. */
void ring_open(struct ring *ring);
void ring_close(struct ring *ring);

/*
 * Close only the descriptor of this process: a child that inherited it keeps
 * the ring and its registered buffers.
 */
void ring_forget(struct ring *ring);

/* Register a buffer as number 0. Returns 0 or -errno (from liburing, which does not set errno). */
int ring_register(struct ring *ring, void *addr, size_t size) __must_check;

/* Unregister it, which unpins the pages before it returns. Returns 0 or -errno. */
int ring_unregister(struct ring *ring) __must_check;

/*
 * Let the kernel release buffers that were replaced. On 6.1 a worker does that a second
 * after their last reference was dropped (io_rsrc_node_ref_zero()), or when another
 * table of the ring is unregistered (io_rsrc_ref_quiesce()). This unregisters one of
 * another ring before, which waits for the callback that drops a last reference: those
 * of one processor are called in order (percpu_ref_switch_to_atomic_rcu()). The caller
 * then waits for what the release does.
 */
void ring_release_replaced(struct ring *ring);

/*
 * Transfer @size bytes between @addr and offset 0 of @fd, and wait at most 20 s
 * for the completion. RING_*_FIXED use registered buffer 0, which must contain
 * @addr. Returns bytes or -errno from the completion.
 */
long ring_transfer(struct ring *ring, enum ring_op op, int fd, void *addr,
		   size_t size) __must_check;

/* The same in two steps, for tests of a transfer in flight. */
void ring_start(struct ring *ring, enum ring_op op, int fd, void *addr, size_t size);
long ring_finish(struct ring *ring) __must_check;
/*
 * Start a transfer as ring_start() does, and wait at most 20 s until the device
 * has it. io_uring may hand a submitted transfer to a worker (io_queue_iowq(),
 * io_uring/io_uring.c), and cancels it at the ring's end if the worker has not
 * begun. Fails the test if the transfer completes although the device is
 * suspended; the test is broken if it completes on a device that is not.
 */
void ring_start_in_flight(struct ring *ring, enum ring_op op, int fd, void *addr, size_t size,
			  const struct dm_suspension *suspension);
/*
 * Wait at most @seconds for a completion, also if signals interrupt it. Returns
 * 0 or -errno, -ETIME if there was none.
 */
int ring_wait(struct ring *ring, struct io_uring_cqe **cqe, int seconds) __must_check;

#endif
