// SPDX-License-Identifier: GPL-2.0
/*
 * A long-term pin of a page on a coherent device moves it to a node that
 * mbind(MPOL_BIND) of its mapping excludes. Needs root, two NUMA nodes and
 * test_hmm with spm_addr_dev0 and spm_addr_dev1. gcc -I LINUX; ends with 1 where
 * the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */

int main(void)
{
	static char bytes[LARGEST];
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	struct iovec buffer = { .iov_base = page, .iov_len = SIZE };
	unsigned long first = 1, second = 2;
	struct io_uring_params params = { 0 };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR), ring, node;
	void *addr = page;

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &first, 64) ||
	    syscall(SYS_mbind, page, SIZE, MPOL_BIND, &second, 64, 0))
		err(2, "memory policy");
	*page = 1;
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0 || syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1))
		err(2, "io_uring");
	if (syscall(SYS_move_pages, 0, 1, &addr, NULL, &node, 0))
		err(2, "move_pages");
	printf("bound to node 1, pinned on node %d\n", node);
	return node != 1;
}
