// SPDX-License-Identifier: GPL-2.0
/*
 * nr_hugetlb of /proc/vmstat gets too low with each huge page of hugetlb that
 * migrates. Needs root, two memory nodes and free memory for four huge pages; it
 * needs no device. Ends with 1 where the bug is, with 2 if it could not try.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define POOL "/proc/sys/vm/nr_hugepages"

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

static void write_number(const char *path, long value)
{
	char text[32];
	int fd = open(path, O_WRONLY), length = snprintf(text, sizeof(text), "%ld", value);

	if (fd < 0 || write(fd, text, length) != length)
		err(2, "%s", path);
	close(fd);
}

static long counted(void)
{
	write_number("/proc/sys/vm/stat_refresh", 1);
	return number_in("/proc/vmstat", "nr_hugetlb ");
}

static char *map_huge(size_t size)
{
	char *addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	if (addr == MAP_FAILED)
		err(2, "mmap with MAP_HUGETLB");
	*addr = 1;
	return addr;
}

/* The node of the page after it was moved to @node if that is not negative. */
static int node_of(void *addr, int node)
{
	int status = -1;

	if (syscall(SYS_move_pages, 0, 1UL, &addr, node < 0 ? NULL : &node, &status, MPOL_MF_MOVE))
		err(2, "move_pages");
	return status;
}

int main(void)
{
	const size_t size = number_in("/proc/meminfo", "Hugepagesize:") * 1024;
	const long pool = number_in(POOL, ""), one = size / sysconf(_SC_PAGESIZE);
	long before, after;
	char *addr;
	int other;

	if (counted() < 0)
		errx(2, "this kernel does not count huge pages of hugetlb (6.14)");
	write_number(POOL, pool + 4);
	before = counted();
	addr = map_huge(size);
	other = !node_of(addr, -1);
	if (node_of(addr, other) != other)
		errx(2, "the huge page does not move to node %d", other);
	munmap(addr, size);
	/* A count below zero is shown as zero, so that two more pages are needed to see it. */
	addr = map_huge(2 * size);
	after = counted();
	munmap(addr, 2 * size);
	write_number(POOL, pool);
	printf("two huge pages are %ld pages of nr_hugetlb, not %ld\n", after - before, 2 * one);
	return after - before != 2 * one;
}
