// SPDX-License-Identifier: GPL-2.0
/*
 * pagemap says of each page of a huge page what is true of its first one: bit
 * 56, mapped exactly once. No device needed. Ends with 1 where the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 4096UL
#define HUGE (512 * SIZE)

int main(void)
{
	char *map = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *huge = (char *)(((uintptr_t)map + HUGE - 1) & -HUGE);
	int fd = open("/proc/self/pagemap", O_RDONLY), ready[2], end[2], count = 0, i;
	uint64_t entries[512];
	char byte;

	madvise(huge, HUGE, MADV_HUGEPAGE);
	memset(huge, 1, HUGE);
	if (pipe(ready) || pipe(end))
		err(2, "pipe");
	if (!fork()) {
		munmap(huge, 2 * SIZE);
		close(end[1]);
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		_exit(read(end[0], &byte, 1));
	}
	if (read(ready[0], &byte, 1) != 1)
		err(2, "read");
	if (pread(fd, entries, sizeof(entries), (uintptr_t)huge / SIZE * 8) != sizeof(entries))
		err(2, "pagemap");
	for (i = 0; i < 512; i++)
		count += entries[i] >> 56 & 1;
	printf("pages mapped once: 2, as pagemap says: %d\n", count);
	return count != 2;
}
