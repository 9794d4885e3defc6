// SPDX-License-Identifier: GPL-2.0
/* Which ranges userfaultfd registers, for which modes, and that the modes work there */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/cpu.h"
#include "reach/monitor.h"
#include "report/result.h"

#include "hugetlb.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08	/* of 6.11 */
#endif

#define PAGES 4
#define MIN_ADDR "/proc/sys/vm/mmap_min_addr"
#define LOW_LIMIT 0x100000UL

#define MISSING UFFDIO_REGISTER_MODE_MISSING
#define WP UFFDIO_REGISTER_MODE_WP
#define MINOR BIT_ULL(2)	/* UFFDIO_REGISTER_MODE_MINOR of 5.13 */
#define EXACT_ADDRESS BIT_ULL(11)	/* UFFD_FEATURE_EXACT_ADDRESS of 5.18 */
#define TOLD_S 10

FIXTURE(uffd_ranges)
{
	struct buffer range;
	int monitor, file;	/* -1: none */
};

static void map_range(FIXTURE_DATA(uffd_ranges) (*self), void *hint, int prot, int flags, int fd)
{
	struct buffer *range = &self->range;

	range->addr = mmap(hint, range->size, prot, flags, fd, 0);
	if (range->addr == MAP_FAILED)
		syscall_failed("mmap", errno);
}

static void map_anonymous(FIXTURE_DATA(uffd_ranges) (*self))
{
	map_range(self, NULL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void map_inaccessible(FIXTURE_DATA(uffd_ranges) (*self))
{
	map_range(self, NULL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* Below mmap_min_addr, where only a privileged process can map memory. */
static void map_low(FIXTURE_DATA(uffd_ranges) (*self))
{
	change_setting(MIN_ADDR, LOW_LIMIT);
	map_range(self, (void *)(LOW_LIMIT / 2), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
}

static void map_droppable(FIXTURE_DATA(uffd_ranges) (*self))
{
	map_range(self, NULL, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1);
}

static void open_memfd(FIXTURE_DATA(uffd_ranges) (*self))
{
	self->file = memfd_create("uffd-ranges", MFD_CLOEXEC);
	if (self->file < 0 || ftruncate(self->file, self->range.size))
		syscall_failed("memfd_create", errno);
}

static void map_shared(FIXTURE_DATA(uffd_ranges) (*self))
{
	open_memfd(self);
	map_range(self, NULL, PROT_READ | PROT_WRITE, MAP_SHARED, self->file);
}

static void map_private_copy(FIXTURE_DATA(uffd_ranges) (*self))
{
	open_memfd(self);
	map_range(self, NULL, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->file);
}

/* A shared mapping of a file that is open for reading only can never be written. */
static void map_shared_for_reading(FIXTURE_DATA(uffd_ranges) (*self))
{
	char path[64];
	int fd;

	open_memfd(self);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		syscall_failed("open", errno);
	map_range(self, NULL, PROT_READ, MAP_SHARED, fd);
	close(fd);
}

static void open_file(FIXTURE_DATA(uffd_ranges) (*self))
{
	const char *dir = getenv("HMM_COHERENT_DIR");
	char path[256];

	need(dir, SKIP_NO_DIR);
	snprintf(path, sizeof(path), "%s/hmm-coherent.XXXXXX", dir);
	self->file = mkostemp(path, O_CLOEXEC);
	if (self->file < 0 || unlink(path) || ftruncate(self->file, self->range.size))
		syscall_failed(path, errno);
}

static void map_file(FIXTURE_DATA(uffd_ranges) (*self))
{
	open_file(self);
	map_range(self, NULL, PROT_READ | PROT_WRITE, MAP_SHARED, self->file);
}

static void map_file_privately(FIXTURE_DATA(uffd_ranges) (*self))
{
	open_file(self);
	map_range(self, NULL, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->file);
}

static void map_vdso(FIXTURE_DATA(uffd_ranges) (*self))
{
	self->range.addr = (void *)getauxval(AT_SYSINFO_EHDR);
	self->range.size = features.page_size;
	need(self->range.addr, SKIP_NO_VDSO);
}

FIXTURE_VARIANT(uffd_ranges)
{
	void (*map)(FIXTURE_DATA(uffd_ranges) (*self));
	long missing, wp, minor;	/* results of registration */
	bool accessible;		/* an access ends in a fault that userfaultfd gets */
};

#define RANGE(name, map_it, missing_result, wp_result, minor_result, access) \
	FIXTURE_VARIANT_ADD(uffd_ranges, name) { \
		.map = map_it, .missing = missing_result, .wp = wp_result, \
		.minor = minor_result, .accessible = access }

RANGE(anonymous, map_anonymous, 0, 0, -EINVAL, true);
RANGE(inaccessible, map_inaccessible, 0, 0, -EINVAL, false);
RANGE(low, map_low, 0, 0, -EINVAL, true);
RANGE(droppable, map_droppable, -EINVAL, -EINVAL, -EINVAL, true);
RANGE(shared, map_shared, 0, 0, 0, true);
RANGE(private_copy, map_private_copy, 0, 0, 0, true);
RANGE(for_reading, map_shared_for_reading, -EPERM, -EPERM, -EPERM, true);
RANGE(file, map_file, -EINVAL, -EINVAL, -EINVAL, true);
RANGE(private_file, map_file_privately, -EINVAL, -EINVAL, -EINVAL, true);
RANGE(vdso, map_vdso, -EINVAL, -EINVAL, -EINVAL, false);

WHY_NOT(uffd_ranges)
{
	if (variant->map == map_droppable && !kernel_has(CHANGE_DROPPABLE))
		return "this kernel has no MAP_DROPPABLE (6.11)";
	if (variant->map != map_anonymous && strcmp(test, "registration"))
		return "only for anonymous memory";
	return NULL;
}

FIXTURE_SETUP(uffd_ranges)
{
	self->monitor = -1;
	self->file = -1;
	need(features.uffd_wp, SKIP_NO_USERFAULTFD);
	self->range = (struct buffer){ .pages = PAGES, .size = PAGES * features.page_size,
				       .serial = 1 };
	variant->map(self);
	self->monitor = monitor_create(0);
	set_rule(RULE_RANGE_TO_WATCH);
}

FIXTURE_TEARDOWN(uffd_ranges)
{
	close(self->monitor);
	if (self->file >= 0)
		close(self->file);
	if (variant->map != map_vdso)
		unmap_memory(self->range.addr, self->range.size);
}

static long watch(FIXTURE_DATA(uffd_ranges) (*self), unsigned long long mode)
{
	return monitor_watch_for(self->monitor, self->range.addr, self->range.size, mode);
}

/* userfaultfd_register(): the operations of the modes that were asked for, and no others. */
static void expect_operations(FIXTURE_DATA(uffd_ranges) (*self), unsigned long long mode)
{
	struct uffdio_register again = {
		.range = { (uintptr_t)self->range.addr, self->range.size }, .mode = mode,
	};

	expect_result("UFFDIO_REGISTER again",
		      errno_of(ioctl(self->monitor, UFFDIO_REGISTER, &again)), 0);
	expect_result("UFFDIO_WRITEPROTECT is offered",
		      !!(again.ioctls & BIT_ULL(_UFFDIO_WRITEPROTECT)), !!(mode & WP));
	expect_result("UFFDIO_CONTINUE is offered", !!(again.ioctls & BIT_ULL(_UFFDIO_CONTINUE)),
		      !!(mode & MINOR));
	expect_result("UFFDIO_COPY is offered", !!(again.ioctls & BIT_ULL(_UFFDIO_COPY)), 1);
}

/* Register in @mode with the @expected result; end that, and an access works as before. */
static void try_mode(FIXTURE_DATA(uffd_ranges)(*self), const char *what, unsigned long long mode,
		     long expected, bool accessible)
{
	struct buffer *range = &self->range;

	expect_result(what, watch(self, mode), expected);
	if (!expected && mode == MISSING && accessible)
		expect_result("a read of a watched hole", cpu_read(range, 0, 1, NULL),
			      KILLED_BY(SIGBUS));
	if (!expected) {
		expect_operations(self, mode);
		monitor_leave(self->monitor, range->addr, range->size);
	}
}

SCENARIO(uffd_ranges, registration,
	 "registration of the range for missing pages, for write protection and for minor faults "
	 "succeeds or is refused; a watched hole is not filled, and is after the end of the watch")
{
	try_mode(self, "UFFDIO_REGISTER for missing pages", MISSING, variant->missing,
		 variant->accessible);
	try_mode(self, "UFFDIO_REGISTER for write protection", WP, variant->wp,
		 variant->accessible);
	try_mode(self, "UFFDIO_REGISTER for minor faults", MINOR, variant->minor,
		 variant->accessible);
	if (variant->accessible)
		expect_result("a read after that", cpu_read(&self->range, 0, 1, NULL),
			      features.page_size);
}

SCENARIO(uffd_ranges, wrong_arguments,
	 "an unaligned or empty range, one without a mapping, one at the end of the addresses, no "
	 "mode and an unknown mode are refused with EINVAL")
{
	struct buffer *range = &self->range;
	const size_t page = features.page_size;
	void *nothing = map_memory(page, PROT_NONE);

	unmap_memory(nothing, page);
	expect_result("an unaligned start",
		      monitor_watch_for(self->monitor, range->addr + 1, page, MISSING), -EINVAL);
	expect_result("an unaligned size",
		      monitor_watch_for(self->monitor, range->addr, page + 1, MISSING), -EINVAL);
	expect_result("an empty range",
		      monitor_watch_for(self->monitor, range->addr, 0, MISSING), -EINVAL);
	expect_result("a range without a mapping",
		      monitor_watch_for(self->monitor, nothing, page, MISSING), -EINVAL);
	expect_result("a range that wraps",
		      monitor_watch_for(self->monitor, range->addr, -page, MISSING), -EINVAL);
	expect_result("a range behind all addresses",
		      monitor_watch_for(self->monitor, (void *)-page, page, MISSING), -EINVAL);
	expect_result("no mode", watch(self, 0), -EINVAL);
	expect_result("an unknown mode", watch(self, 1ULL << 40), -EINVAL);
	expect_result("the range itself", watch(self, MISSING), 0);
}

static long ask(int fd, unsigned long long api, unsigned long long wanted)
{
	struct uffdio_api request = { .api = api, .features = wanted };

	return errno_of(ioctl(fd, UFFDIO_API, &request));
}

SCENARIO(uffd_ranges, wrong_features,
	 "UFFDIO_API of another version or with an unknown feature is refused with EINVAL; then it "
	 "succeeds once, and a second time it is refused")
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		syscall_failed("userfaultfd", errno);
	set_rule(RULE_MONITOR_HAS_FEATURE);
	expect_result("an unknown version", ask(fd, UFFD_API + 1, 0), -EINVAL);
	expect_result("an unknown feature", ask(fd, UFFD_API, 1ULL << 62), -EINVAL);
	expect_result("an unknown feature with a known one",
		      ask(fd, UFFD_API, UFFD_FEATURE_SIGBUS | 1ULL << 62), -EINVAL);
	expect_result("a known feature", ask(fd, UFFD_API, UFFD_FEATURE_SIGBUS), 0);
	expect_result("a second call", ask(fd, UFFD_API, UFFD_FEATURE_SIGBUS), -EINVAL);
	close(fd);
}

SCENARIO(uffd_ranges, of_another,
	 "a range that another userfaultfd has is refused with EBUSY, and can be registered after "
	 "that is closed; registration of the same range again succeeds")
{
	int other = monitor_create(0);

	expect_result("UFFDIO_REGISTER", watch(self, MISSING), 0);
	expect_result("UFFDIO_REGISTER again", watch(self, MISSING), 0);
	expect_result("UFFDIO_REGISTER by another",
		      monitor_watch_for(other, self->range.addr, features.page_size, MISSING),
		      -EBUSY);
	close(self->monitor);
	expect_result("UFFDIO_REGISTER by another after the first is closed",
		      monitor_watch_for(other, self->range.addr, features.page_size, MISSING), 0);
	self->monitor = other;
}

SCENARIO(uffd_ranges, around_a_gap,
	 "a range with a gap between two mappings is registered on both sides of the gap")
{
	struct buffer *range = &self->range;

	unmap_memory(range->addr + features.page_size, features.page_size);
	expect_result("UFFDIO_REGISTER", watch(self, MISSING), 0);
	expect_result("a read before the gap", cpu_read(range, 0, 1, NULL), KILLED_BY(SIGBUS));
	expect_result("a read of the gap", cpu_read(range, 1, 1, NULL), KILLED_BY(SIGSEGV));
	expect_result("a read behind the gap", cpu_read(range, 2, 1, NULL), KILLED_BY(SIGBUS));
}

SCENARIO(uffd_ranges, with_a_file,
	 "a range with a mapping of another kind in it is refused, and nothing of it is registered")
{
	struct buffer *range = &self->range;

	open_file(self);
	if (mmap(range->addr + 2 * features.page_size, features.page_size, PROT_READ,
		 MAP_PRIVATE | MAP_FIXED, self->file, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
	expect_result("UFFDIO_REGISTER", watch(self, MISSING), -EINVAL);
	expect_result("a read before the file", cpu_read(range, 0, 1, NULL), features.page_size);
	expect_result("a read behind the file", cpu_read(range, 3, 1, NULL), features.page_size);
}

#define AT 100	/* where a huge page is touched */
static void *touch(void *at)
{
	(void)*(volatile unsigned char *)at;
	return NULL;
}

/* The message of a fault by a thread says @offset in the huge page. */
static void expect_told(unsigned char *huge, size_t size, unsigned long long feature, size_t offset)
{
	struct uffdio_api api = { .api = UFFD_API, .features = feature };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg = { 0 };
	pthread_t thread;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		syscall_failed("userfaultfd", errno);
	expect_result("UFFDIO_REGISTER", monitor_watch_for(fd, huge, size, MISSING), 0);
	if (pthread_create(&thread, NULL, touch, huge + AT))
		syscall_failed("pthread_create", errno);
	set_rule(RULE_EVENTS_ARE_TOLD);
	must(poll(&ready, 1, TOLD_S * 1000) == 1 && read(fd, &msg, sizeof(msg)) == sizeof(msg),
	     "userfaultfd told nothing within %d s", TOLD_S);
	expect_result("the address in the huge page",
		      msg.arg.pagefault.address - (uintptr_t)huge, offset);
	monitor_leave(fd, huge, size);
	pthread_join(thread, NULL);
	close(fd);
	advise_memory(huge, size, MADV_DONTNEED);
}

/* hugetlb_handle_userfault() */
SCENARIO(uffd_ranges, hugetlb_told,
	 "the message of a fault of hugetlb has the address of the huge page, and with "
	 "UFFD_FEATURE_EXACT_ADDRESS that of the access")
{
	const size_t size = hugetlb_size();
	unsigned char *huge;

	hugetlb_reserve(2);
	huge = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		    -1, 0);
	if (huge == MAP_FAILED)
		syscall_failed("mmap of hugetlb memory", errno);
	expect_told(huge, size, 0, 0);
	expect_told(huge, size, EXACT_ADDRESS, AT);
	unmap_memory(huge, size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_uffd_ranges", argc, argv);
}
