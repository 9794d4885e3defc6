/* SPDX-License-Identifier: GPL-2.0 */
/*
 * transfer.h - an O_DIRECT transfer that is in flight while the test does
 * something else
 *
 * This uses io_submit(2) instead of io_uring: when it returns, the block layer
 * holds its references to the pages (blkdev_direct_IO()). With a device that
 * may block, io_uring passes the request to a worker, which takes the
 * references at some later time.
 */
#ifndef HMM_COHERENT_TRANSFER_H
#define HMM_COHERENT_TRANSFER_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>

#include "reach/dm_suspend.h"
#include "report/report.h"

struct transfer {
	aio_context_t context;
	bool keeps;		/* the context, for another transfer */
	struct iocb iocb;
	bool done;
	long result;
};

/*
 * Start to read @size bytes from offset 0 of @fd, which is O_DIRECT, to @addr.
 * The transfer holds its references when this returns.
 */
void transfer_start_read(struct transfer *transfer, int fd, void *addr, size_t size);

/*
 * Start to read or write @size bytes at offset 0 of @fd in the same way. Returns 0,
 * or -errno if nothing was started.
 */
long transfer_start(struct transfer *transfer, int fd, bool write, void *addr,
		    size_t size) __must_check;

/* A context for transfers one after the other: to end one takes two grace periods. */
aio_context_t __must_check transfer_context(void);

/* transfer_start() in a context that is kept. */
long transfer_start_in(struct transfer *transfer, aio_context_t context, int fd, bool write,
		       void *addr, size_t size) __must_check;

/* Has the transfer completed? Does not wait. */
bool transfer_is_done(struct transfer *transfer) __must_check;

/*
 * Check that the transfer is still in flight. If it completed with an error, or
 * although its device is suspended (@suspension), the test fails. If it
 * completed otherwise, the test is broken, since the device was too fast.
 */
void transfer_prove_in_flight(struct transfer *transfer, const struct dm_suspension *suspension);

/* Wait at most 20 s for the completion, and release the transfer. Returns bytes or -errno. */
long transfer_finish(struct transfer *transfer) __must_check;

#endif
