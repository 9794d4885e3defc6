/* SPDX-License-Identifier: GPL-2.0 */
/*
 * transfer.h - one direct transfer that goes on while the test does something
 * else
 *
 * By io_submit(2) and not by io_uring: when it returns, the block layer has
 * taken its references on the pages (blkdev_direct_IO()), whereas io_uring
 * hands a device that cannot promise not to wait to a worker, which takes them
 * whenever it gets there.
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
	struct iocb iocb;
	bool done;
	long result;
};

/*
 * Start to read @size bytes from offset 0 of @fd, which is O_DIRECT, into
 * @addr. The references are held when it returns.
 */
void transfer_start_read(struct transfer *transfer, int fd, void *addr, size_t size);

/* Is it over? Does not wait. */
bool transfer_is_done(struct transfer *transfer) __must_check;

/*
 * A test about a transfer in flight is void when the transfer was faster than
 * the test: breaks it then. One that ended with an error, or although its
 * device is suspended (@suspension), is the kernel's and fails.
 */
void transfer_prove_in_flight(struct transfer *transfer, const struct dm_suspension *suspension);

/* Wait for its end, at most 20 s, and give back what it holds. Returns bytes or -errno. */
long transfer_finish(struct transfer *transfer) __must_check;

#endif
