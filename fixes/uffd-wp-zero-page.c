// SPDX-License-Identifier: GPL-2.0
/*
 * Write protection by userfaultfd of the zero page is gone after migration to
 * a coherent device. Needs root and test_hmm with spm_addr_dev0 and
 * spm_addr_dev1. gcc -I LINUX; ends with 1 where the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */

static int is_protected(const void *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	if (pread(fd, &entry, 8, (uintptr_t)addr / SIZE * 8) != 8)
		err(2, "pagemap");
	close(fd);
	return entry >> 57 & 1;
}

int main(void)
{
	static char bytes[LARGEST];
	volatile char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_range range = { .start = (uintptr_t)page, .len = SIZE };
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = range, .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect protect = { .range = range,
					       .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	struct hmm_dmirror_cmd cmd = { .addr = range.start, .ptr = (uintptr_t)bytes, .npages = 1 };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC), hmm = open("/dev/hmm_dmirror2", O_RDWR);

	if (uffd < 0 || hmm < 0)
		err(2, "userfaultfd or /dev/hmm_dmirror2");
	(void)*page;	/* the zero page */
	if (ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg) ||
	    ioctl(uffd, UFFDIO_WRITEPROTECT, &protect))
		err(2, "userfaultfd");
	if (!is_protected((void *)page))
		errx(2, "the zero page was not protected");
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	printf("protected after migration: %d\n", is_protected((void *)page));
	return !is_protected((void *)page);
}
