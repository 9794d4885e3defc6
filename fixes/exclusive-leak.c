// SPDX-License-Identifier: GPL-2.0
/*
 * A page of a coherent device to which the device has exclusive access loses a
 * reference when another file of the device is closed, and the device's memory
 * cannot be removed any more. Needs root and test_hmm with spm_addr_dev0 and
 * spm_addr_dev1. gcc -I LINUX; ends with 1 where the bug is, and leaves a child
 * that waits for ever.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */

int main(void)
{
	static char bytes[LARGEST];
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);
	struct pollfd end = { .events = POLLIN };
	pid_t child;

	*page = 1;
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd) ||
	    ioctl(hmm, HMM_DMIRROR_EXCLUSIVE, &cmd))
		err(2, "migration, or exclusive access");
	close(open("/dev/hmm_dmirror2", O_RDWR));
	munmap(page, SIZE);
	child = fork();
	if (!child)
		_exit(ioctl(hmm, HMM_DMIRROR_RELEASE, &cmd) ? 2 : 0);
	end.fd = syscall(SYS_pidfd_open, child, 0);
	if (end.fd < 0 || poll(&end, 1, 10000) < 0)
		err(2, "pidfd_open");
	if (end.revents)
		return 0;
	puts("HMM_DMIRROR_RELEASE waits for a page that nobody has any more");
	return 1;
}
