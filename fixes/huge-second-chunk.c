// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page that migrates to a coherent device makes test_hmm ask for memory
 * that the device has already, and memremap_pages() warns ("Conflicting
 * mapping"). Needs root and test_hmm with spm_addr_dev0 and spm_addr_dev1.
 * gcc -I LINUX; the kernel log says whether the bug is there.
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

int main(void)
{
	const size_t size = huge_size();
	char *bytes = malloc(size);
	char *map = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *huge = (char *)(((uintptr_t)map + size - 1) & -size);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)huge, .ptr = (uintptr_t)bytes,
				       .npages = size / sysconf(_SC_PAGESIZE) };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);

	madvise(huge, size, MADV_HUGEPAGE);
	memset(huge, 1, size);
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	printf("%llu pages of the huge page are on the device\n", (unsigned long long)cmd.cpages);
	return 0;
}
