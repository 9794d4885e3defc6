// SPDX-License-Identifier: GPL-2.0
/*
 * An asynchronous O_DIRECT read from a block device (the first argument, which
 * is only read) into memory and pages of a coherent device returns less than
 * was asked for. Needs root and test_hmm with spm_addr_dev0 and spm_addr_dev1.
 * gcc -I LINUX; ends with 1 where the bug is.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE (4 * sysconf(_SC_PAGESIZE))
#define LARGEST (4 * 65536)	/* pages of any architecture */

int main(int argc, char **argv)
{
	static char bytes[LARGEST];
	char *buffer = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)buffer, .ptr = (uintptr_t)bytes,
				       .npages = 2 };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR), disk;
	struct iocb iocb = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_buf = (uintptr_t)buffer,
			     .aio_nbytes = SIZE }, *iocbs = &iocb;
	aio_context_t context = 0;
	struct io_event event;

	if (argc != 2)
		errx(2, "usage: %s BLOCK-DEVICE", argv[0]);
	disk = open(argv[1], O_RDONLY | O_DIRECT);
	iocb.aio_fildes = disk;
	memset(buffer, 1, SIZE);
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	if (disk < 0 || syscall(SYS_io_setup, 1, &context) ||
	    syscall(SYS_io_submit, context, 1, &iocbs) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		err(2, "%s", argv[1]);
	printf("%ld bytes asked for, %lld read\n", SIZE, (long long)event.res);
	return event.res != SIZE;
}
