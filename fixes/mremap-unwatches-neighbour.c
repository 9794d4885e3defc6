// SPDX-License-Identifier: GPL-2.0
/*
 * mremap() of memory that userfaultfd watches to beside other memory that it
 * watches: without UFFD_FEATURE_EVENT_REMAP the watch of what moved ends, and
 * that of the memory beside it, too, if both become one mapping. No device
 * needed. gcc -I LINUX; ends with 1 where the bug is.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void watch(int fd, char *page, size_t size)
{
	struct uffdio_register reg = { .range = { (uintptr_t)page, size },
				       .mode = UFFDIO_REGISTER_MODE_WP };

	if (ioctl(fd, UFFDIO_REGISTER, &reg))
		err(2, "UFFDIO_REGISTER");
}

static void move(char *from, size_t size, char *to)
{
	if (mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		err(2, "mremap");
}

int main(void)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *map = mmap(NULL, 4 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_writeprotect protect = { .range = { (uintptr_t)map, size },
					       .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	if (fd < 0 || map == MAP_FAILED || ioctl(fd, UFFDIO_API, &api))
		err(2, "userfaultfd");
	memset(map, 1, 2 * size);
	watch(fd, map, size);
	/* The second page goes away, is watched there, and comes back. */
	move(map + size, size, map + 3 * size);
	watch(fd, map + 3 * size, size);
	move(map + 3 * size, size, map + size);
	if (!ioctl(fd, UFFDIO_WRITEPROTECT, &protect))
		return 0;
	printf("UFFDIO_WRITEPROTECT of the first page: %s\n", strerror(errno));
	return errno == ENOENT ? 1 : 2;
}
