// SPDX-License-Identifier: GPL-2.0
#include "reach/transfer.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "report/rules.h"

#define COMPLETION_S 20

static bool wait_at_most(struct transfer *transfer, time_t seconds)
{
	const long end = now_ms() + seconds * 1000L;
	struct timespec limit;
	struct io_event event;
	long left, got;

	do {
		left = end - now_ms();
		if (left < 0)
			left = 0;
		limit = (struct timespec){ .tv_sec = left / 1000,
					   .tv_nsec = left % 1000 * 1000000 };
		got = transfer->done ? 0 :
				       syscall(SYS_io_getevents, transfer->context, seconds ? 1 : 0,
					       1, &event, &limit);
	} while (got < 0 && errno == EINTR);
	if (got == 1) {
		transfer->done = true;
		transfer->result = event.res;
	}
	return transfer->done;
}

aio_context_t transfer_context(void)
{
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 1, &context))
		syscall_failed("io_setup", errno);
	return context;
}

static void end_context(struct transfer *transfer)
{
	if (!transfer->keeps)
		syscall(SYS_io_destroy, transfer->context);
}

static long begin(struct transfer *transfer, int fd, bool write, void *addr, size_t size)
{
	struct iocb *iocbs[] = { &transfer->iocb };
	long error;

	transfer->iocb = (struct iocb){ .aio_fildes = fd,
					.aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
					.aio_buf = (uintptr_t)addr,
					.aio_nbytes = size };
	error = syscall(SYS_io_submit, transfer->context, 1, iocbs) == 1 ? 0 : -errno;
	/* aio_rw_done(): an error of GUP is the result of a transfer that has completed. */
	if (!error && wait_at_most(transfer, 0) && transfer->result < 0)
		error = transfer->result;
	if (error)
		end_context(transfer);
	return error;
}

long transfer_start(struct transfer *transfer, int fd, bool write, void *addr, size_t size)
{
	*transfer = (struct transfer){ .context = transfer_context() };
	return begin(transfer, fd, write, addr, size);
}

long transfer_start_in(struct transfer *transfer, aio_context_t context, int fd, bool write,
		       void *addr, size_t size)
{
	*transfer = (struct transfer){ .context = context, .keeps = true };
	return begin(transfer, fd, write, addr, size);
}

void transfer_start_read(struct transfer *transfer, int fd, void *addr, size_t size)
{
	const long error = transfer_start(transfer, fd, false, addr, size);

	if (!error)
		return;
	/* An error of GUP is returned here. */
	set_rule(RULE_BYTES_ARRIVE);
	if (error == -EFAULT)
		fail_now("io_submit: %s", strerror(EFAULT));
	syscall_failed("io_submit", -error);
}

bool transfer_is_done(struct transfer *transfer)
{
	return wait_at_most(transfer, 0);
}

void transfer_prove_in_flight(struct transfer *transfer, const struct dm_suspension *suspension)
{
	const int rule = report->rule;
	const bool done = transfer_is_done(transfer);

	dm_still_suspended(suspension);
	set_rule(RULE_BYTES_ARRIVE);
	must(!done || transfer->result >= 0, "the transfer completed with %s",
	     strerror(-transfer->result));
	must(!done || !suspension->active,
	     "the transfer completed with %ld although its device is suspended", transfer->result);
	report->rule = rule;
	if (done)
		not_prepared("the transfer completed before the test had done its part: "
			     "HMM_COHERENT_SLOW is not slow");
}

long transfer_finish(struct transfer *transfer)
{
	if (!wait_at_most(transfer, COMPLETION_S)) {
		set_rule(RULE_BYTES_ARRIVE);
		fail_now("a transfer did not complete within %d s", COMPLETION_S);
	}
	end_context(transfer);
	return transfer->result;
}
