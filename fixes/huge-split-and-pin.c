// SPDX-License-Identifier: GPL-2.0
/*
 * A long-term pin of a page that is part of a huge page on a coherent device
 * fails with EBUSY. Needs root and test_hmm with spm_addr_dev0 and
 * spm_addr_dev1. gcc -I LINUX; ends with 1 where the bug is.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

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
	const size_t size = huge_size();
	char *bytes = malloc(size);
	char *map = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *huge = (char *)(((uintptr_t)map + size - 1) & -size);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)huge, .ptr = (uintptr_t)bytes,
				       .npages = size / sysconf(_SC_PAGESIZE) };
	struct iovec buffer = { .iov_base = huge, .iov_len = 8 * sysconf(_SC_PAGESIZE) };
	struct io_uring_params params = { 0 };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR), ring;
	size_t at;

	madvise(huge, size, MADV_HUGEPAGE);
	memset(huge, 1, size);
	/* The first user of the device's memory decides how it is cut: huge. */
	if (ioctl(hmm, HMM_DMIRROR_RELEASE, &cmd) || ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "migration");
	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		err(2, "io_uring_setup");
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1)) {
		printf("IORING_REGISTER_BUFFERS: %s\n", strerror(errno));
		return 1;
	}
	for (at = 0; at < size; at++)
		if (huge[at] != 1)
			errx(1, "byte %zu is lost", at);
	return 0;
}
