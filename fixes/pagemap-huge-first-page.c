// SPDX-License-Identifier: GPL-2.0
/*
 * pagemap says of each page of a huge page what is true of its first one: bit
 * 56, mapped exactly once. No device needed. Ends with 1 where the bug is.
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
	int fd = open("/proc/self/pagemap", O_RDONLY), ready[2], end[2], count = 0;
	uint64_t *entries = calloc(pages, sizeof(*entries));
	size_t i;
	char byte;

	madvise(huge, size, MADV_HUGEPAGE);
	memset(huge, 1, size);
	if (pipe(ready) || pipe(end))
		err(2, "pipe");
	if (!fork()) {
		munmap(huge, 2 * page);
		close(end[1]);
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		_exit(read(end[0], &byte, 1));
	}
	if (read(ready[0], &byte, 1) != 1)
		err(2, "read");
	if (pread(fd, entries, pages * 8, (uintptr_t)huge / page * 8) != (ssize_t)(pages * 8))
		err(2, "pagemap");
	for (i = 0; i < pages; i++)
		count += entries[i] >> 56 & 1;
	printf("pages mapped once: 2, as pagemap says: %d\n", count);
	return count != 2;
}
