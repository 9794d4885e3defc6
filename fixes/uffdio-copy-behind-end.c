// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_COPY to a page of a shared mapping that is behind the end of its file
 * fails with ENOMEM, although there is memory; up to Linux 6.12 with EFAULT, as
 * in a private mapping. No device needed. gcc -I LINUX; ends with 1 where the
 * bug is.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	int file = memfd_create("behind-end", 0);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = { (uintptr_t)map, size },
				       .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .dst = (uintptr_t)map, .len = size,
				    .src = (uintptr_t)aligned_alloc(size, size) };

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		err(2, "userfaultfd");
	memset((void *)(uintptr_t)copy.src, 1, size);
	/* The file is empty. */
	if (!ioctl(fd, UFFDIO_COPY, &copy))
		errx(2, "UFFDIO_COPY succeeds");
	printf("UFFDIO_COPY: %s\n", strerror(errno));
	return errno != EFAULT;
}
