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
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE 4096

int main(void)
{
	static char bytes[SIZE];
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR), seconds;
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
	for (seconds = 0; seconds < 10; seconds++) {
		if (waitpid(child, NULL, WNOHANG) == child)
			return 0;
		sleep(1);
	}
	puts("HMM_DMIRROR_RELEASE waits for a page that nobody has any more");
	return 1;
}
