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

int monitor_create(unsigned long long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS | features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK), error;

	if (fd < 0)
		syscall_failed("userfaultfd", errno);
	if (!ioctl(fd, UFFDIO_API, &api))
		return fd;
	error = errno;
	close(fd);
	if (!features || error != EINVAL)
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

void monitor_leave(int fd, void *addr, size_t size)
{
	struct uffdio_range range = { (uintptr_t)addr, size };

	if (ioctl(fd, UFFDIO_UNREGISTER, &range))
		syscall_failed("UFFDIO_UNREGISTER", errno);
}
