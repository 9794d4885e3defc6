// SPDX-License-Identifier: GPL-2.0
/*
 * Locked pages that migrate to a coherent device stay counted in nr_mlock after
 * munlock() and munmap(). Needs root and test_hmm with spm_addr_dev0 and
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

#define PAGES 256
#define SIZE (PAGES * sysconf(_SC_PAGESIZE))

static long locked(void)
{
	FILE *refresh = fopen("/proc/sys/vm/stat_refresh", "w"), *file;
	char line[128];
	long count = -1;

	if (refresh) {	/* adds up what each processor counted */
		fputs("1\n", refresh);
		fclose(refresh);
	}
	file = fopen("/proc/vmstat", "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "nr_mlock %ld", &count) == 1)
			break;
	fclose(file);
	return count;
}

int main(void)
{
	char *bytes = malloc(SIZE), *pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)pages, .ptr = (uintptr_t)bytes,
				       .npages = PAGES };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);
	long before = locked(), after;

	memset(pages, 1, SIZE);
	if (mlock(pages, SIZE))
		err(2, "mlock");
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	munlock(pages, SIZE);
	munmap(pages, SIZE);
	after = locked();
	printf("nr_mlock: %ld before, %ld after munlock and munmap\n", before, after);
	return after >= before + PAGES / 2;
}
