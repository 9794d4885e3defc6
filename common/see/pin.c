// SPDX-License-Identifier: GPL-2.0
#include "see/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <mm/gup_test.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"

#define GUP_TEST "/sys/kernel/debug/gup_test"

/*
 * The header of trees before 6.2 does not have these; the running kernel may.
 * Layout and numbers are ABI.
 */
#ifndef PIN_LONGTERM_TEST_START
struct pin_longterm_test {
	__u64 addr;
	__u64 size;
	__u32 flags;
};

#define PIN_LONGTERM_TEST_FLAG_USE_WRITE 1
#define PIN_LONGTERM_TEST_FLAG_USE_FAST 2
#define PIN_LONGTERM_TEST_START _IOW('g', 7, struct pin_longterm_test)
#define PIN_LONGTERM_TEST_STOP _IO('g', 8)
#define PIN_LONGTERM_TEST_READ _IOW('g', 9, __u64)
#endif

static int gup_test(void)
{
	static int fd = -1;

	/* Children use the same file: the device keeps no state for plain pins. */
	if (fd < 0)
		fd = open(GUP_TEST, O_RDWR | O_CLOEXEC);
	return fd;
}

bool pin_available(void)
{
	return gup_test() >= 0;
}

bool pin_can_stay(void)
{
	return pin_available() && !ioctl(gup_test(), PIN_LONGTERM_TEST_STOP);
}

static unsigned long command(struct pin_kind kind)
{
	if (kind.fast)
		return kind.pin ? PIN_FAST_BENCHMARK : GUP_FAST_BENCHMARK;
	if (kind.longterm)
		return PIN_LONGTERM_BENCHMARK;
	return kind.pin ? PIN_BASIC_TEST : GUP_BASIC_TEST;
}

static long pin(struct pin_kind kind, const void *addr, size_t npages, size_t pages_per_call)
{
	struct gup_test arg = {
		.addr = (uintptr_t)addr,
		.size = npages * features.page_size,
		.nr_pages_per_call = pages_per_call,
		.gup_flags = kind.write ? features.foll_write : 0,
	};

	/*
	 * PIN_LONGTERM_BENCHMARK adds FOLL_LONGTERM itself; PIN_FAST_BENCHMARK
	 * takes the kernel's number of the flag.
	 */
	if (kind.longterm && kind.fast)
		arg.gup_flags |= features.foll_longterm;
	if (ioctl(gup_test(), command(kind), &arg))
		return -errno;
	return arg.size;
}

long pin_pages(struct pin_kind kind, const void *addr, size_t npages)
{
	return pin(kind, addr, npages, 1);
}

long pin_pages_at_once(struct pin_kind kind, const void *addr, size_t npages)
{
	return pin(kind, addr, npages, npages);
}

int pin_hold(bool fast, bool write, const void *addr, size_t npages)
{
	struct pin_longterm_test arg = {
		.addr = (uintptr_t)addr,
		.size = npages * features.page_size,
		.flags = (fast ? PIN_LONGTERM_TEST_FLAG_USE_FAST : 0) |
			 (write ? PIN_LONGTERM_TEST_FLAG_USE_WRITE : 0),
	};
	int fd = open(GUP_TEST, O_RDWR | O_CLOEXEC), error;

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, PIN_LONGTERM_TEST_START, &arg))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int pin_read(int held, void *to)
{
	__u64 addr = (uintptr_t)to;

	return ioctl(held, PIN_LONGTERM_TEST_READ, &addr) ? -errno : 0;
}

void pin_drop(int held)
{
	ioctl(held, PIN_LONGTERM_TEST_STOP);
	close(held);
}

int pin_dump(const void *addr)
{
	struct gup_test arg = {
		.addr = (uintptr_t)addr,
		.size = features.page_size,
		.nr_pages_per_call = 1,
		.which_pages = { 1 },
	};

	return ioctl(gup_test(), DUMP_USER_PAGES_TEST, &arg) ? -errno : 0;
}
