// SPDX-License-Identifier: GPL-2.0
/*
 * Migration between two nodes sets the soft-dirty bit of a page that was not
 * written. Needs two NUMA nodes and no device. Ends with 1 where the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE sysconf(_SC_PAGESIZE)

int main(void)
{
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int clear = open("/proc/self/clear_refs", O_WRONLY), at, target, status;
	int map = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;
	void *addr = page;

	*page = 1;
	if (write(clear, "4", 1) != 1)
		err(2, "clear_refs");
	if (syscall(SYS_move_pages, 0, 1, &addr, NULL, &at, 0) || at < 0)
		err(2, "move_pages");
	target = !at;
	if (syscall(SYS_move_pages, 0, 1, &addr, &target, &status, 0) || status != target)
		errx(2, "the page does not move to node %d: %d", target, status);
	if (pread(map, &entry, 8, (uintptr_t)page / SIZE * 8) != 8)
		err(2, "pagemap");
	printf("soft-dirty after migration: %d\n", (int)(entry >> 55 & 1));
	return entry >> 55 & 1;
}
