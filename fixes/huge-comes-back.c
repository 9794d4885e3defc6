// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page on a coherent device does not come back by migration: it is taken
 * for system memory. Needs root and test_hmm with spm_addr_dev0 and
 * spm_addr_dev1. gcc -I LINUX; ends with 1 where the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

static size_t huge_size(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
	size_t size;

	if (!file || fscanf(file, "%zu", &size) != 1)
		err(2, "hpage_pmd_size");
	fclose(file);
	return size;
}

static unsigned char *bytes;

static void command(int hmm, unsigned long request, char *addr)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)addr, .ptr = (uintptr_t)bytes,
				       .npages = huge_size() / sysconf(_SC_PAGESIZE) };

	if (ioctl(hmm, request, &cmd))
		warn("ioctl 0x%lx", request);
}

int main(void)
{
	const size_t size = huge_size();
	char *map = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *huge = (char *)(((uintptr_t)map + size - 1) & -size);
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);
	size_t at;

	bytes = malloc(size);
	madvise(huge, size, MADV_HUGEPAGE);
	memset(huge, 1, size);
	/* The first user of the device's memory decides how it is cut: huge. */
	command(hmm, HMM_DMIRROR_RELEASE, huge);
	command(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, huge);
	command(hmm, HMM_DMIRROR_SNAPSHOT, huge);
	if (!(bytes[0] & HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL))
		errx(2, "the huge page did not go to the device");
	command(hmm, HMM_DMIRROR_MIGRATE_TO_SYS, huge);
	command(hmm, HMM_DMIRROR_SNAPSHOT, huge);
	for (at = 0; at < size; at++)
		if (huge[at] != 1)
			errx(1, "byte %zu is lost", at);
	printf("after migration to memory the page is %s\n",
	       bytes[0] & HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL ? "on the device" : "in memory");
	return (bytes[0] & HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL) != 0;
}
