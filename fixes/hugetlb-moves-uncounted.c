// SPDX-License-Identifier: GPL-2.0
/*
 * nr_hugetlb of /proc/vmstat gets too low with each huge page of hugetlb that
 * migrates. Needs root, two memory nodes and memory for four huge pages; no
 * device. Ends with 1 where the bug is, with 2 if it could not try.
 */
#include <err.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static long number_in(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	char line[128];
	long value = -1;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			value = strtol(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static long counted(void)
{
	if (system("echo 1 >/proc/sys/vm/stat_refresh"))
		errx(2, "stat_refresh");
	return number_in("/proc/vmstat", "nr_hugetlb ");
}

static void *map_huge(size_t size)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	if (addr == MAP_FAILED)
		err(2, "mmap with MAP_HUGETLB");
	return addr;
}

int main(void)
{
	const size_t size = number_in("/proc/meminfo", "Hugepagesize:") * 1024;
	long before, after;
	int node, status;
	void *addr;

	if (counted() < 0)
		errx(2, "this kernel does not count huge pages of hugetlb (6.14)");
	if (system("echo 4 >/proc/sys/vm/nr_hugepages"))
		errx(2, "nr_hugepages");
	before = counted();
	addr = map_huge(size);
	syscall(SYS_move_pages, 0, 1UL, &addr, NULL, &status, 0);
	node = !status;
	syscall(SYS_move_pages, 0, 1UL, &addr, &node, &status, MPOL_MF_MOVE);
	if (status != node)
		errx(2, "the huge page does not move to node %d: %d", node, status);
	munmap(addr, size);
	/* A count below zero is shown as zero: two more pages are needed to see it. */
	addr = map_huge(2 * size);
	after = counted();
	munmap(addr, 2 * size);
	printf("nr_hugetlb counts %ld pages for two huge pages of %ld\n", after - before,
	       (long)(size / sysconf(_SC_PAGESIZE)));
	return after - before != (long)(2 * size / sysconf(_SC_PAGESIZE));
}
