// SPDX-License-Identifier: GPL-2.0
#include "reach/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/config.h"
#include "kernel/kernel.h"
#include "kernel/since.h"
#include "report/report.h"

int monitor_watch_for(int fd, void *addr, size_t size, unsigned long long mode)
{
	struct uffdio_register reg = { .range = { (uintptr_t)addr, size }, .mode = mode };

	return ioctl(fd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

int monitor_watch(int fd, void *addr, size_t size)
{
	return monitor_watch_for(fd, addr, size, UFFDIO_REGISTER_MODE_WP);
}

int monitor_fill(int fd, enum monitor_fill how, void *to, const void *from, size_t size)
{
	const struct uffdio_range range = { (uintptr_t)to, size };
	struct uffdio_copy copy = { .dst = (uintptr_t)to, .src = (uintptr_t)from, .len = size };
	struct uffdio_zeropage zero = { .range = range };
	struct uffdio_poison poison = { .range = range };
	struct uffdio_continue file = { .range = range };
	int result = -1;

	switch (how) {
	case FILL_WITH_COPY:
		result = ioctl(fd, UFFDIO_COPY, &copy);
		break;
	case FILL_WITH_ZERO:
		result = ioctl(fd, UFFDIO_ZEROPAGE, &zero);
		break;
	case FILL_WITH_POISON:
		result = ioctl(fd, UFFDIO_POISON, &poison);
		break;
	case FILL_FROM_FILE:
		result = ioctl(fd, UFFDIO_CONTINUE, &file);
		break;
	}
	return result ? -errno : 0;
}

bool monitor_can(unsigned long long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	bool can = fd >= 0 && !ioctl(fd, UFFDIO_API, &api);

	if (fd >= 0)
		close(fd);
	return can;
}

int monitor_move_as(int fd, void *to, void *from, size_t size, unsigned long long mode,
		    long *moved)
{
	struct uffdio_move move = {
		.dst = (uintptr_t)to, .src = (uintptr_t)from, .len = size, .mode = mode
	};
	int result = ioctl(fd, UFFDIO_MOVE, &move) ? -errno : 0;

	*moved = move.move;
	return result;
}

int monitor_move(int fd, void *to, void *from, size_t size)
{
	long moved;

	return monitor_move_as(fd, to, from, size, 0, &moved);
}

/* Features that are older than all kernels here. */
#define ALWAYS (UFFD_FEATURE_SIGBUS | UFFD_FEATURE_PAGEFAULT_FLAG_WP | MONITOR_OF_SHARED_MEMORY | \
		UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | \
		UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_THREAD_ID)

/*
 * The features that a kernel with write protection by userfaultfd has, by its
 * version. Those of markers also need CONFIG_PTE_MARKER_UFFD_WP
 * (userfaultfd_api()).
 */
static const struct {
	unsigned long long feature;
	enum kernel_change change;
	bool is_marker;
} offers[] = {
	{ MONITOR_OF_HOLES, CHANGE_UFFD_HOLES, true },
	{ MONITOR_LETS_WRITE, CHANGE_UFFD_ASYNC, true },
	{ MONITOR_OF_POISON, CHANGE_UFFD_POISON, false },
	{ UFFD_FEATURE_MOVE, CHANGE_UFFD_MOVE, false },
	{ MONITOR_OF_ACCESS, CHANGE_UFFD_ACCESS, false },
	{ MONITOR_LETS_ACCESS, CHANGE_UFFD_ACCESS, false },
};

/* Must this kernel have all of @asked? Not if its version or configuration is unknown. */
static bool must_have(unsigned long long asked)
{
	bool has_markers = !(asked & MONITOR_OF_SHARED_MEMORY);
	size_t i;

	asked &= ~ALWAYS;
	for (i = 0; i < ARRAY_SIZE(offers); i++) {
		if (!(asked & offers[i].feature))
			continue;
		if (kernel_version_says(offers[i].change) != ANSWER_YES)
			return false;
		has_markers &= !offers[i].is_marker;
		asked &= ~offers[i].feature;
	}
	return !asked && (has_markers ||
			  config_has_line("CONFIG_PTE_MARKER_UFFD_WP=y") == ANSWER_YES);
}

/* new_userfaultfd(): there is nothing to write to it. */
static void expect_read_only(int fd)
{
	const int rule = report->rule;

	set_rule(RULE_MONITOR_HAS_FEATURE);
	expect((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY, "a userfaultfd is open for writing");
	report->rule = rule;
}

int monitor_create(unsigned long long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS | features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK), error;

	if (fd < 0)
		syscall_failed("userfaultfd", errno);
	if (!ioctl(fd, UFFDIO_API, &api)) {
		expect_read_only(fd);
		return fd;
	}
	error = errno;
	close(fd);
	if (error != EINVAL || must_have(features))
		syscall_failed("UFFDIO_API", error);
	return -1;
}

int monitor_open(void *addr, size_t size, unsigned long long features)
{
	int fd = monitor_create(UFFD_FEATURE_PAGEFAULT_FLAG_WP | features), error;

	if (fd < 0)
		return -1;
	error = monitor_watch(fd, addr, size);
	if (error)
		syscall_failed("UFFDIO_REGISTER", -error);
	return fd;
}

void monitor_protect(int fd, void *addr, size_t size, bool on)
{
	struct uffdio_writeprotect wp = { .range = { (uintptr_t)addr, size },
					  .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0 };

	if (ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		syscall_failed("UFFDIO_WRITEPROTECT", errno);
}

int monitor_forbid(int fd, void *addr, size_t size, unsigned long long mode)
{
	struct uffdio_rwprotect rwp = { .range = { (uintptr_t)addr, size }, .mode = mode };

	return ioctl(fd, UFFDIO_RWPROTECT, &rwp) ? -errno : 0;
}

void monitor_leave(int fd, void *addr, size_t size)
{
	struct uffdio_range range = { (uintptr_t)addr, size };

	if (ioctl(fd, UFFDIO_UNREGISTER, &range))
		syscall_failed("UFFDIO_UNREGISTER", errno);
}
