/* SPDX-License-Identifier: GPL-2.0 */
/*
 * monitor.h - a userfaultfd that write-protects a range; with
 * UFFD_FEATURE_SIGBUS a fault gets SIGBUS, so no thread has to answer
 */
#ifndef HMM_COHERENT_MONITOR_H
#define HMM_COHERENT_MONITOR_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stddef.h>

#include "report/compiler.h"

/* linux/userfaultfd.h has it since 6.8. */
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
#define UFFDIO_MOVE_MODE_DONTWAKE BIT(0)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES BIT(1)
#endif

/* linux/userfaultfd.h has it since 6.6. */
#ifndef UFFDIO_POISON
struct uffdio_poison {
	struct uffdio_range range;
	__u64 mode;
	__s64 updated;
};

#define UFFDIO_POISON _IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif

/* linux/userfaultfd.h has them since 7.3. */
#ifndef UFFDIO_RWPROTECT
struct uffdio_rwprotect {
	struct uffdio_range range;
	__u64 mode;
};

struct uffdio_set_mode {
	__u64 enable;
	__u64 disable;
};

#define UFFDIO_RWPROTECT _IOWR(UFFDIO, 0x09, struct uffdio_rwprotect)
#define UFFDIO_SET_MODE _IOW(UFFDIO, 0x0A, struct uffdio_set_mode)
#define UFFDIO_RWPROTECT_MODE_RWP BIT(0)
#define UFFDIO_RWPROTECT_MODE_DONTWAKE BIT(1)
#define UFFDIO_REGISTER_MODE_RWP BIT(3)
#endif

/* UFFD_FEATURE_RWP of 7.3: pages can be protected from each access (UFFDIO_RWPROTECT). */
#define MONITOR_OF_ACCESS 0x20000ULL

/* UFFD_FEATURE_RWP_ASYNC of 7.3: an access is not stopped and removes the protection. */
#define MONITOR_LETS_ACCESS 0x40000ULL

/* UFFD_FEATURE_WP_ASYNC of 6.7: a write is not stopped and removes the protection. */
#define MONITOR_LETS_WRITE 0x8000ULL

/* UFFD_FEATURE_WP_UNPOPULATED of 6.4: holes of anonymous memory can be protected. */
#define MONITOR_OF_HOLES 0x2000ULL

/* UFFD_FEATURE_POISON of 6.6. */
#define MONITOR_OF_POISON 0x4000ULL

/* UFFD_FEATURE_WP_HUGETLBFS_SHMEM of 5.19; the headers may be older. */
#define MONITOR_OF_SHARED_MEMORY 0x1000ULL

/*
 * Open a userfaultfd and register @size bytes at @addr for write protection,
 * with the additional @features. Returns the descriptor, which the caller
 * closes, or -1 if the kernel lacks one of the features. A refusal of features
 * that it has by its version and configuration fails the test, and any other
 * error ends it.
 */
int monitor_open(void *addr, size_t size, unsigned long long features);

/*
 * Open a userfaultfd with UFFD_FEATURE_SIGBUS and the additional @features, and
 * register nothing. Returns the descriptor, or -1, as monitor_open() does.
 */
int monitor_create(unsigned long long features);

/* Does the kernel have all of @features? */
bool monitor_can(unsigned long long features) __must_check;

/* Move @size bytes at @from to the registered address @to (UFFDIO_MOVE). Returns 0 or -errno. */
int monitor_move(int fd, void *to, void *from, size_t size) __must_check;

/*
 * The same with UFFDIO_MOVE_MODE_ flags @mode. @moved gets what the kernel says
 * in the field "move": the bytes that it moved, or -errno if it moved none.
 */
int monitor_move_as(int fd, void *to, void *from, size_t size, unsigned long long mode,
		    long *moved) __must_check;

/* Register @size more bytes at @addr. Returns 0 or -errno. */
int monitor_watch(int fd, void *addr, size_t size);

/* The same for other faults than those of write protection: UFFDIO_REGISTER_MODE_*. */
int monitor_watch_for(int fd, void *addr, size_t size, unsigned long long mode) __must_check;

/*
 * Fill @size bytes at the registered address @to: with a copy of those at
 * @from, with the zero page, with marks whose access gets SIGBUS, or with the
 * page that the file has there. Returns 0 or -errno.
 */
enum monitor_fill { FILL_WITH_COPY, FILL_WITH_ZERO, FILL_WITH_POISON, FILL_FROM_FILE };
int monitor_fill(int fd, enum monitor_fill how, void *to, const void *from,
		 size_t size) __must_check;

/* Write-protect @size bytes at @addr (UFFDIO_WRITEPROTECT), or remove the protection. */
void monitor_protect(int fd, void *addr, size_t size, bool on);

/*
 * Protect @size bytes at @addr from each access (UFFDIO_RWPROTECT), or remove
 * that protection: UFFDIO_RWPROTECT_MODE_ flags. Returns 0 or -errno.
 */
int monitor_forbid(int fd, void *addr, size_t size, unsigned long long mode) __must_check;

/* Unregister @size bytes at @addr (UFFDIO_UNREGISTER). */
void monitor_leave(int fd, void *addr, size_t size);

#endif
