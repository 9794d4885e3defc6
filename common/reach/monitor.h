/* SPDX-License-Identifier: GPL-2.0 */
/*
 * monitor.h - a userfaultfd that watches a range; nobody answers, and what it
 * stops gets SIGBUS
 */
#ifndef HMM_COHERENT_MONITOR_H
#define HMM_COHERENT_MONITOR_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stddef.h>

#include "report/compiler.h"

/* linux/userfaultfd.h has it from 6.8 on. */
#ifndef UFFDIO_MOVE
struct uffdio_move {
	__u64 dst;
	__u64 src;
	__u64 len;
	__u64 mode;
	__s64 move;
};

#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFD_FEATURE_MOVE BIT(16)
#endif

/* UFFD_FEATURE_WP_ASYNC of 6.7: nobody is stopped, a write takes the protection off. */
#define MONITOR_LETS_WRITE 0x8000ULL

/* UFFD_FEATURE_WP_HUGETLBFS_SHMEM of 5.19; what the suite is built with may be older. */
#define MONITOR_OF_SHARED_MEMORY 0x1000ULL

/*
 * Watch @size bytes at @addr for writes to protected pages, with the further
 * @features. Returns the descriptor, which the caller closes, or -1 when the
 * kernel lacks one of the features. Anything else that fails ends the test.
 */
int monitor_open(void *addr, size_t size, unsigned long long features);

/* Does the kernel have all of @features? */
bool monitor_can(unsigned long long features) __must_check;

/* Move @size bytes at @from to @to, which is watched (UFFDIO_MOVE). Returns 0 or -errno. */
int monitor_move(int fd, void *to, void *from, size_t size) __must_check;

/* Watch @size more bytes at @addr. Returns 0 or -errno. */
int monitor_watch(int fd, void *addr, size_t size);

/* Protect them against writes (UFFDIO_WRITEPROTECT), or end that. */
void monitor_protect(int fd, void *addr, size_t size, bool on);

/* Watch them no more (UFFDIO_UNREGISTER). */
void monitor_leave(int fd, void *addr, size_t size);

#endif
