// SPDX-License-Identifier: GPL-2.0
#include "reach/ring.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "report/rules.h"

#define COMPLETION_S 20

/* The user data of requests. */
enum { REQUEST_TRANSFER = 1, REQUEST_CANCELLATION };

/* Does @error mean that the kernel has no io_uring, or that this user may not use it? */
static bool is_unavailable(int error)
{
	return error == ENOSYS ||
	       (error == EPERM &&
		(is_lack(error) || read_number("/proc/sys/kernel/io_uring_disabled") > 0));
}

bool ring_available(void)
{
	struct io_uring uring;
	const int error = io_uring_queue_init(2, &uring, 0);

	if (!error)
		io_uring_queue_exit(&uring);
	else if (!is_unavailable(-error))
		syscall_failed("io_uring_setup", -error);
	return !error;
}

void ring_open(struct ring *ring)
{
	int error = io_uring_queue_init(8, &ring->uring, 0);

	if (error < 0)
		syscall_failed("io_uring_queue_init", -error);
	ring->registered = false;
}

void ring_close(struct ring *ring)
{
	int error = ring_unregister(ring);

	if (error) {
		set_rule(RULE_PIN_ENDS_WITH_HOLDER);
		fail_now("unregistering a buffer: %s", strerror(-error));
	}
	io_uring_queue_exit(&ring->uring);
}

void ring_forget(struct ring *ring)
{
	ring->registered = false;
	io_uring_queue_exit(&ring->uring);
	/* story_end() closes it. */
	ring_open(ring);
}

int ring_register(struct ring *ring, void *addr, size_t size)
{
	struct iovec iov = { addr, size };
	int error = io_uring_register_buffers(&ring->uring, &iov, 1);

	ring->registered = !error;
	return error;
}

int ring_unregister(struct ring *ring)
{
	int error, tries = 100;

	if (!ring->registered)
		return 0;
	ring->registered = false;
	/*
	 * io_rsrc_ref_quiesce(), up to 6.12, may end with a signal pending; the
	 * buffer stays registered.
	 */
	do {
		error = io_uring_unregister_buffers(&ring->uring);
	} while (error == -EINTR && --tries);
	return error;
}

/* Register an empty table of files, and unregister it. */
static void pass_table(struct io_uring *uring)
{
	int error = io_uring_register_files_sparse(uring, 1), tries = 100;

	if (error)
		syscall_failed("registration of a table of files", -error);
	do {
		error = io_uring_unregister_files(uring);
	} while (error == -EINTR && --tries);
	if (error)
		syscall_failed("unregistration of a table of files", -error);
}

void ring_release_replaced(struct ring *ring)
{
	struct ring other;

	ring_open(&other);
	pass_table(&other.uring);
	ring_close(&other);
	pass_table(&ring->uring);
}

static void submit(struct ring *ring)
{
	int submitted = io_uring_submit(&ring->uring);

	if (submitted != 1)
		syscall_failed("io_uring_submit", submitted < 0 ? -submitted : EIO);
}

void ring_start(struct ring *ring, enum ring_op op, int fd, void *addr, size_t size)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	if (!sqe)
		broken("the submission queue is full");
	switch (op) {
	case RING_READ:
		io_uring_prep_read(sqe, fd, addr, size, 0);
		break;
	case RING_WRITE:
		io_uring_prep_write(sqe, fd, addr, size, 0);
		break;
	case RING_READ_FIXED:
		io_uring_prep_read_fixed(sqe, fd, addr, size, 0, 0);
		break;
	case RING_WRITE_FIXED:
		io_uring_prep_write_fixed(sqe, fd, addr, size, 0, 0);
		break;
	}
	io_uring_sqe_set_data64(sqe, REQUEST_TRANSFER);
	submit(ring);
}

int ring_wait(struct ring *ring, struct io_uring_cqe **cqe, int seconds)
{
	const long end = now_ms() + seconds * 1000L;
	struct __kernel_timespec limit;
	long left;
	int error;

	do {
		left = end - now_ms();
		if (left < 0)
			left = 0;
		limit = (struct __kernel_timespec){ .tv_sec = left / 1000,
						    .tv_nsec = left % 1000 * 1000000 + 1 };
		error = io_uring_wait_cqe_timeout(&ring->uring, cqe, &limit);
	} while (error == -EINTR);
	return error;
}

long ring_finish(struct ring *ring)
{
	struct io_uring_cqe *cqe;
	long result;
	int error;

	error = ring_wait(ring, &cqe, COMPLETION_S);
	if (error) {
		set_rule(RULE_BYTES_ARRIVE);
		fail_now("no completion within %d s: %s", COMPLETION_S, strerror(-error));
	}
	result = cqe->res;
	io_uring_cqe_seen(&ring->uring, cqe);
	return result;
}

/*
 * Try to cancel the transfer. io_try_cancel(), io_uring/cancel.c, finds it only
 * as long as no device has it: -ENOENT. Returns 0 if it is cancelled, and
 * -EALREADY while a worker has it, which then cancels or submits it. The
 * completion of the transfer itself goes to *@result, -EINPROGRESS if there is
 * none.
 */
static int cancel(struct ring *ring, int *result)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);
	struct io_uring_cqe *cqe;
	int cancelled = -EINPROGRESS, error;

	if (!sqe)
		broken("the submission queue is full");
	io_uring_prep_cancel64(sqe, REQUEST_TRANSFER, 0);
	io_uring_sqe_set_data64(sqe, REQUEST_CANCELLATION);
	submit(ring);
	*result = -EINPROGRESS;
	/* A worker queues the completion before it ends its work on the transfer. */
	while (cancelled == -EINPROGRESS || (!cancelled && *result == -EINPROGRESS) ||
	       !io_uring_peek_cqe(&ring->uring, &cqe)) {
		error = ring_wait(ring, &cqe, COMPLETION_S);
		if (error) {
			set_rule(RULE_LEGAL_CALLS_WORK);
			fail_now("IORING_OP_ASYNC_CANCEL did not complete within %d s: %s",
				 COMPLETION_S, strerror(-error));
		}
		if (io_uring_cqe_get_data64(cqe) == REQUEST_TRANSFER)
			*result = cqe->res;
		else
			cancelled = cqe->res;
		io_uring_cqe_seen(&ring->uring, cqe);
	}
	return cancelled;
}

void ring_start_in_flight(struct ring *ring, enum ring_op op, int fd, void *addr, size_t size,
			  const struct dm_suspension *suspension)
{
	const long end_ms = now_ms() + COMPLETION_S * 1000L;
	const int rule = report->rule;
	bool completed, in_flight;
	int cancelled, result;

	ring_start(ring, op, fd, addr, size);
	do {
		cancelled = cancel(ring, &result);
		completed = result != -EINPROGRESS && result != -ECANCELED;
		in_flight = result == -EINPROGRESS && cancelled == -ENOENT;
		if (completed || in_flight)
			break;
		if (result == -ECANCELED)
			ring_start(ring, op, fd, addr, size);
		poll(NULL, 0, 1);
	} while (now_ms() < end_ms);
	dm_still_suspended(suspension);
	set_rule(RULE_BYTES_ARRIVE);
	must(completed || in_flight,
	     "the transfer does not reach its device within %d s: its cancellation returns %d",
	     COMPLETION_S, cancelled);
	must(!completed || result >= 0, "the transfer completed with %s", strerror(-result));
	must(!completed || !suspension->active,
	     "the transfer completed with %d although its device is suspended", result);
	report->rule = rule;
	if (completed)
		not_prepared("the transfer completed before the test had done its part: "
			     "HMM_COHERENT_SLOW is not slow");
}

long ring_transfer(struct ring *ring, enum ring_op op, int fd, void *addr, size_t size)
{
	ring_start(ring, op, fd, addr, size);
	return ring_finish(ring);
}
