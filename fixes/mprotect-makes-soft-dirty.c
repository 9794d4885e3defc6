// SPDX-License-Identifier: GPL-2.0
/*
 * mprotect() makes the pages of a huge page that is mapped by small entries
 * soft-dirty, though nobody writes them. No device needed. Run as root on
 * x86-64 with CONFIG_MEM_SOFT_DIRTY. Ends with 1 where the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	const size_t size = huge_size(), page = sysconf(_SC_PAGESIZE), pages = size / page;
	char *map = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *huge = (char *)(((uintptr_t)map + size - 1) & -size);
	int pagemap = open("/proc/self/pagemap", O_RDONLY),
	    clear = open("/proc/self/clear_refs", O_WRONLY), count = 0;
	uint64_t *entries = calloc(pages, sizeof(*entries));
	size_t i;

	if (madvise(huge, size, MADV_HUGEPAGE))
		err(2, "madvise");
	memset(huge, 1, size);
	/* Small entries: a change of one page splits the entry of the huge page. */
	if (mprotect(huge, page, PROT_READ) || mprotect(huge, page, PROT_READ | PROT_WRITE))
		err(2, "mprotect");
	if (write(clear, "4", 1) != 1)
		err(2, "clear_refs");
	if (mprotect(huge, size, PROT_READ))
		err(2, "mprotect");
	if (pread(pagemap, entries, pages * 8, (uintptr_t)huge / page * 8) != (ssize_t)(pages * 8))
		err(2, "pagemap");
	for (i = 0; i < pages; i++)
		count += entries[i] >> 55 & 1;
	printf("soft-dirty pages that were not written: %d of %zu\n", count, pages);
	return count != 0;
}
