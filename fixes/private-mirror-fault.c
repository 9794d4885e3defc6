// SPDX-License-Identifier: GPL-2.0
/*
 * test_hmm reads a page of its own private device, whose mirror entry is gone,
 * through a page frame without memory. Needs root and test_hmm. gcc -I LINUX;
 * where the bug is, the child is killed and this ends with 1.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */

static int read_by_device(void)
{
	static char bytes[LARGEST];
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	int hmm = open("/dev/hmm_dmirror0", O_RDWR);

	memset(page, 7, SIZE);
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	mprotect(page, SIZE, PROT_READ);	/* the driver drops its entry */
	memset(bytes, 0, SIZE);
	if (ioctl(hmm, HMM_DMIRROR_READ, &cmd))
		err(2, "HMM_DMIRROR_READ");
	return bytes[0] != 7 || bytes[SIZE - 1] != 7;
}

int main(void)
{
	int status;

	if (!fork())
		_exit(read_by_device());
	wait(&status);
	if (WIFSIGNALED(status))
		errx(1, "killed by signal %d", WTERMSIG(status));
	printf("the device reads %s bytes\n", WEXITSTATUS(status) ? "other" : "the page's");
	return WEXITSTATUS(status);
}
