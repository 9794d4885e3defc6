// SPDX-License-Identifier: GPL-2.0
#include "transfer.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

#define COMPLETION_S 20

void transfer_start_read(struct transfer *transfer, int fd, void *addr, size_t size)
{
	struct iocb *iocbs[] = { &transfer->iocb };

	memset(transfer, 0, sizeof(*transfer));
	if (syscall(SYS_io_setup, 1, &transfer->context))
		broken("io_setup: %s", strerror(errno));
	transfer->iocb = (struct iocb){
		.aio_fildes = fd, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_buf = (uintptr_t)addr, .aio_nbytes = size };
	if (syscall(SYS_io_submit, transfer->context, 1, iocbs) != 1)
		broken("io_submit: %s", strerror(errno));
}

static bool wait_at_most(struct transfer *transfer, time_t seconds)
{
	struct timespec limit = { .tv_sec = seconds };
	struct io_event event;

	if (!transfer->done && syscall(SYS_io_getevents, transfer->context, seconds ? 1 : 0, 1, &event, &limit) == 1) {
		transfer->done = true;
		transfer->result = event.res;
	}
	return transfer->done;
}

bool transfer_is_done(struct transfer *transfer)
{
	return wait_at_most(transfer, 0);
}

void transfer_prove_in_flight(struct transfer *transfer)
{
	if (transfer_is_done(transfer))
		broken("the transfer was over before the test had done its part: HMM_COHERENT_SLOW is not slow");
}

long transfer_finish(struct transfer *transfer)
{
	if (!wait_at_most(transfer, COMPLETION_S))
		broken("a transfer does not end within %d s", COMPLETION_S);
	syscall(SYS_io_destroy, transfer->context);
	return transfer->result;
}
