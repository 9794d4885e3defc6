// SPDX-License-Identifier: GPL-2.0
/*
 * A page frame of a coherent device keeps page flags of its previous use: one
 * that was unevictable makes the next page, which is active, both. With
 * CONFIG_DEBUG_VM that is a BUG in folio_migrate_flags(). Needs root and
 * test_hmm with spm_addr_dev0 and spm_addr_dev1. gcc -I LINUX; ends with 1 where
 * the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */

static char bytes[LARGEST];

static void move(int hmm, unsigned long command, void *page)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };

	if (ioctl(hmm, command, &cmd))
		err(2, "migration");
}

static uint64_t flags_of(void *page)
{
	int map = open("/proc/self/pagemap", O_RDONLY), flags = open("/proc/kpageflags", O_RDONLY);
	uint64_t entry, found;

	if (pread(map, &entry, 8, (uintptr_t)page / SIZE * 8) != 8 ||
	    pread(flags, &found, 8, (entry & ((1UL << 55) - 1)) * 8) != 8)
		err(2, "pagemap or kpageflags");
	return found;
}

int main(void)
{
	char *pages = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	int hmm = open("/dev/hmm_dmirror2", O_RDWR), mem = open("/proc/self/mem", O_RDONLY), i;
	char *second = pages + SIZE;

	memset(pages, 1, 2 * SIZE);
	if (mlock(pages, SIZE))
		err(2, "mlock");
	move(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, pages);
	munmap(pages, SIZE);	/* its frame is the next that the driver hands out */
	for (i = 0; i < 20; i++)	/* GUP with FOLL_TOUCH: the page becomes active */
		if (pread(mem, bytes, SIZE, (uintptr_t)second) != SIZE)
			err(2, "/proc/self/mem");
	move(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, second);
	move(hmm, HMM_DMIRROR_MIGRATE_TO_SYS, second);
	printf("a page that was never locked is unevictable: %d\n",
	       (int)(flags_of(second) >> 18 & 1));
	return flags_of(second) >> 18 & 1;
}
