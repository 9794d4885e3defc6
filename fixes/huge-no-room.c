// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page migrates to a coherent device that has fewer small pages left than it needs: test_hmm
 * dereferences NULL. Needs root and test_hmm with spm_addr_dev0 and spm_addr_dev1, and 512 MiB.
 * gcc -I LINUX; where the bug is, this is killed.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define DEVICE (256UL << 20)

static size_t huge_size(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
	size_t size;

	if (!file || fscanf(file, "%zu", &size) != 1)
		err(2, "hpage_pmd_size");
	fclose(file);
	return size;
}

static char *bytes;

static void to_device(int hmm, char *addr, size_t pages)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)addr, .ptr = (uintptr_t)bytes,
				       .npages = pages };

	ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);	/* an error if pages stay */
}

static int migrate(void)
{
	const size_t size = huge_size(), page = sysconf(_SC_PAGESIZE), filling = DEVICE - 32 * page;
	char *map = mmap(NULL, DEVICE + 2 * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge = (char *)(((uintptr_t)map + DEVICE + size - 1) & -size);
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);
	size_t at;

	bytes = malloc(size);
	madvise(map, DEVICE, MADV_NOHUGEPAGE);
	madvise(huge, size, MADV_HUGEPAGE);
	memset(map, 1, filling);
	memset(huge, 1, size);
	for (at = 0; at < filling; at += 32 * page)
		to_device(hmm, map + at, 32);
	to_device(hmm, huge, size / page);
	for (at = 0; at < size && huge[at] == 1; at++)
		;
	return at < size;
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
