/* SPDX-License-Identifier: GPL-2.0 */
/*
 * monitor.h - a userfaultfd that watches a range; nobody answers, and what it
 * stops gets SIGBUS
 */
#ifndef HMM_COHERENT_MONITOR_H
#define HMM_COHERENT_MONITOR_H

#include <stdbool.h>
#include <stddef.h>

/* UFFD_FEATURE_WP_HUGETLBFS_SHMEM of 5.19; what the suite is built with may be older. */
#define MONITOR_OF_SHARED_MEMORY 0x1000ULL

/*
 * Watch @size bytes at @addr for writes to protected pages, with the further
 * @features. Returns the descriptor, which the caller closes, or -1 when the
 * kernel lacks one of the features. Anything else that fails ends the test.
 */
int monitor_open(void *addr, size_t size, unsigned long long features);

/* Watch @size more bytes at @addr. Returns 0 or -errno. */
int monitor_watch(int fd, void *addr, size_t size);

/* Protect them against writes (UFFDIO_WRITEPROTECT), or end that. */
void monitor_protect(int fd, void *addr, size_t size, bool on);

/* Watch them no more (UFFDIO_UNREGISTER). */
void monitor_leave(int fd, void *addr, size_t size);

#endif
