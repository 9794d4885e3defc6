// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page migrates to a coherent device that has fewer small pages left
 * than it needs: test_hmm dereferences NULL. Needs root and test_hmm with
 * spm_addr_dev0 and spm_addr_dev1, and 512 MiB. gcc -I LINUX; where the bug is,
 * this is killed.
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

#define PAGE 4096UL
#define HUGE (512 * PAGE)
#define DEVICE (256UL << 20)

static char bytes[HUGE];

static void to_device(int hmm, char *addr, size_t size)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)addr, .ptr = (uintptr_t)bytes,
				       .npages = size / PAGE };

	ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);	/* an error if pages stay */
}

static int migrate(void)
{
	const size_t filling = DEVICE - 32 * PAGE;
	char *map = mmap(NULL, DEVICE + 2 * HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge = (char *)(((uintptr_t)map + DEVICE + HUGE - 1) & -HUGE);
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);
	size_t at;

	madvise(map, DEVICE, MADV_NOHUGEPAGE);
	madvise(huge, HUGE, MADV_HUGEPAGE);
	memset(map, 1, filling);
	memset(huge, 1, HUGE);
	for (at = 0; at < filling; at += 32 * PAGE)
		to_device(hmm, map + at, 32 * PAGE);
	to_device(hmm, huge, HUGE);
	for (at = 0; at < HUGE; at++)
		if (huge[at] != 1)
			return 1;
	return 0;
}

int main(void)
{
	int status;

	if (!fork())
		_exit(migrate());
	wait(&status);
	printf("%s %d\n", WIFSIGNALED(status) ? "killed by" : "status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return status != 0;
}
