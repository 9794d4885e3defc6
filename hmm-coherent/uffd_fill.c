// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that userfaultfd fills in: UFFDIO_COPY, UFFDIO_ZEROPAGE and
 * UFFDIO_CONTINUE, what they return, and what the mapping and its file have then
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 4
#define MODES (UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP)
#define MINOR BIT_ULL(2)	/* UFFDIO_REGISTER_MODE_MINOR of 5.13 */

FIXTURE(uffd_fill)
{
	struct story story;	/* its buffer, on the device, is the source */
	struct buffer target;
	int monitor, file;	/* -1: none */
};

FIXTURE_VARIANT(uffd_fill)
{
	bool of_file;		/* the target maps shared memory */
	int flags;
};

FIXTURE_VARIANT_ADD(uffd_fill, anonymous) { .flags = MAP_PRIVATE | MAP_ANONYMOUS };
FIXTURE_VARIANT_ADD(uffd_fill, shared) { .of_file = true, .flags = MAP_SHARED };
FIXTURE_VARIANT_ADD(uffd_fill, private_copy) { .of_file = true, .flags = MAP_PRIVATE };

WHY_NOT(uffd_fill)
{
	if (!variant->of_file && (!strncmp(test, "continued", 9) || !strcmp(test, "behind_end")))
		return "only for memory of a file";
	if (variant->of_file && !strcmp(test, "over_huge"))
		return "only for anonymous memory";
	if (!strcmp(test, "continued_protected") && !kernel_has(CHANGE_CONTINUE_PROTECTED))
		return "this kernel has no UFFDIO_CONTINUE_MODE_WP (6.4)";
	return NULL;
}

FIXTURE_SETUP(uffd_fill)
{
	self->monitor = -1;
	self->file = -1;
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	story_begin(&self->story, PLACE_COHERENT, false, PAGES);
	self->target = self->story.buffer;
	if (variant->of_file) {
		self->file = memfd_create("uffd-fill", MFD_CLOEXEC);
		if (self->file < 0 || ftruncate(self->file, self->target.size))
			syscall_failed("memfd_create", errno);
	}
	self->target.addr = mmap(NULL, self->target.size, PROT_READ | PROT_WRITE, variant->flags,
				 self->file, 0);
	if (self->target.addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	self->monitor = monitor_create(UFFD_FEATURE_PAGEFAULT_FLAG_WP |
				       (variant->of_file ? MONITOR_OF_SHARED_MEMORY : 0));
	need(self->monitor >= 0, SKIP_NO_UFFD_WP);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, self->target.addr, self->target.size, MODES),
		      0);
	set_rule(RULE_FILLED_AS_ASKED);
}

FIXTURE_TEARDOWN(uffd_fill)
{
	if (self->monitor >= 0)
		close(self->monitor);
	unmap_memory(self->target.addr, self->target.size);
	if (self->file >= 0)
		close(self->file);
	story_end(&self->story);
}

static unsigned char *target(FIXTURE_DATA(uffd_fill) (*self), size_t page)
{
	return buffer_page(&self->target, page);
}

/* UFFDIO_COPY of @count pages to page @first. Check the result and the field "copy". */
static void copy(FIXTURE_DATA(uffd_fill)(*self), size_t first, size_t count,
		 unsigned long long mode, long expected, long expected_copy)
{
	struct uffdio_copy arg = {
		.dst = (uintptr_t)target(self, first),
		.src = (uintptr_t)buffer_page(&self->story.buffer, first),
		.len = count * features.page_size, .mode = mode,
	};

	expect_result("UFFDIO_COPY", errno_of(ioctl(self->monitor, UFFDIO_COPY, &arg)), expected);
	expect_result("the field \"copy\"", arg.copy, expected_copy);
}

static void zero(FIXTURE_DATA(uffd_fill)(*self), size_t first, size_t count, long expected,
		 long expected_filled)
{
	struct uffdio_zeropage arg = {
		.range = { (uintptr_t)target(self, first), count * features.page_size },
	};

	expect_result("UFFDIO_ZEROPAGE", errno_of(ioctl(self->monitor, UFFDIO_ZEROPAGE, &arg)),
		      expected);
	expect_result("the field \"zeropage\"", arg.zeropage, expected_filled);
}

static void map_existing(FIXTURE_DATA(uffd_fill) (*self), size_t first, size_t count, long expected,
			 long expected_mapped)
{
	struct uffdio_continue arg = {
		.range = { (uintptr_t)target(self, first), count * features.page_size },
	};

	expect_result("UFFDIO_CONTINUE", errno_of(ioctl(self->monitor, UFFDIO_CONTINUE, &arg)),
		      expected);
	expect_result("the field \"mapped\"", arg.mapped, expected_mapped);
}

static void expect_bytes_of(FIXTURE_DATA(uffd_fill) (*self), size_t page, enum writer writer)
{
	expect_bytes(target(self, page), self->target.serial, page, writer,
		     "bytes of a page that was filled");
}

static void expect_hole(FIXTURE_DATA(uffd_fill) (*self), size_t page)
{
	expect_result("a read of a page that was not filled",
		      cpu_read(&self->target, page, 1, NULL), KILLED_BY(SIGBUS));
}

/* Does the file have @writer's bytes in the page, or none (0)? */
static void expect_file_has(FIXTURE_DATA(uffd_fill) (*self), size_t page, enum writer writer)
{
	static unsigned char bytes[65536] __aligned(8);

	if (pread(self->file, bytes, features.page_size, page * features.page_size) !=
	    (ssize_t)features.page_size)
		syscall_failed("pread", errno);
	if (writer)
		expect_bytes(bytes, self->target.serial, page, writer, "bytes of the file");
	else
		expect_zeros(bytes, "bytes of the file");
}

SCENARIO(uffd_fill, copied,
	 "UFFDIO_COPY from device pages fills pages with their bytes, in the file only if the "
	 "mapping is shared; the source stays, and other holes too")
{
	struct story *s = &self->story;
	const long two = 2 * features.page_size;

	copy(self, 0, 2, 0, 0, two);
	expect_bytes_of(self, 0, BY_OWNER);
	expect_bytes_of(self, 1, BY_OWNER);
	expect_hole(self, 2);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OTHER), features.page_size);
	if (variant->of_file)
		expect_file_has(self, 0, variant->flags == MAP_SHARED ? BY_OTHER : 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_stays(s, 1);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(uffd_fill, copied_protected,
	 "UFFDIO_COPY_MODE_WP fills a page that is write-protected; without the protection a write "
	 "is done")
{
	copy(self, 0, 1, UFFDIO_COPY_MODE_WP, 0, features.page_size);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect(page_at(0, self->target.addr).uffd_wp, "the page is not protected");
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	expect_bytes_of(self, 0, BY_OWNER);
	monitor_protect(self->monitor, self->target.addr, features.page_size, false);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OTHER), features.page_size);
}

/* mfill_atomic_install_pte(): whether the mapping may be written does not matter. */
SCENARIO(uffd_fill, copied_protected_read_only,
	 "the same in a mapping that is read-only: once it can be written, a write is stopped "
	 "until the protection is removed")
{
	protect_memory(self->target.addr, self->target.size, PROT_READ);
	copy(self, 0, 1, UFFDIO_COPY_MODE_WP, 0, features.page_size);
	copy(self, 1, 1, 0, 0, features.page_size);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("the page", page_at(0, target(self, 0)), true);
	expect_uffd_wp("a page without", page_at(0, target(self, 1)), false);
	protect_memory(self->target.addr, self->target.size, PROT_READ | PROT_WRITE);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	expect_result("a write of the other", cpu_write(&self->target, 1, 1, BY_OTHER),
		      features.page_size);
	expect_bytes_of(self, 0, BY_OWNER);
	monitor_protect(self->monitor, self->target.addr, features.page_size, false);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OTHER), features.page_size);
}

SCENARIO(uffd_fill, exists,
	 "a page that exists is not replaced: EEXIST, or EAGAIN and the bytes that were filled "
	 "before it")
{
	const long two = 2 * features.page_size;

	copy(self, 2, 1, 0, 0, features.page_size);
	expect_result("a write", cpu_write(&self->target, 2, 1, BY_OTHER), features.page_size);
	copy(self, 2, 2, 0, -EEXIST, -EEXIST);
	copy(self, 0, PAGES, 0, -EAGAIN, two);
	expect_bytes_of(self, 0, BY_OWNER);
	expect_bytes_of(self, 2, BY_OTHER);
	expect_hole(self, 3);
	zero(self, 2, 1, -EEXIST, -EEXIST);
	expect_bytes_of(self, 2, BY_OTHER);
}

SCENARIO(uffd_fill, zeroed,
	 "UFFDIO_ZEROPAGE fills pages with zeros, which can be written")
{
	zero(self, 0, 2, 0, 2 * features.page_size);
	expect_zeros(target(self, 0), "a page that was filled");
	expect_hole(self, 2);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OWNER), features.page_size);
	expect_bytes_of(self, 0, BY_OWNER);
	expect_zeros(target(self, 1), "a page that was filled");
}

SCENARIO(uffd_fill, wrong_arguments,
	 "a source without memory is EFAULT, a target that is not watched ENOENT, unknown flags "
	 "and "
	 "unaligned ranges are EINVAL; nothing is filled")
{
	struct buffer *source = &self->story.buffer;
	struct uffdio_copy arg = { .dst = (uintptr_t)target(self, 0),
				   .src = (uintptr_t)source->addr,
				   .len = features.page_size };

	arg.mode = 1ULL << 40;
	expect_result("an unknown flag", errno_of(ioctl(self->monitor, UFFDIO_COPY, &arg)),
		      -EINVAL);
	arg.mode = 0;
	arg.dst++;
	expect_result("an unaligned target", errno_of(ioctl(self->monitor, UFFDIO_COPY, &arg)),
		      -EINVAL);
	arg.dst = (uintptr_t)source->addr;
	expect_result("a target that is not watched",
		      errno_of(ioctl(self->monitor, UFFDIO_COPY, &arg)), -ENOENT);
	protect_memory(source->addr, source->size, PROT_NONE);
	copy(self, 0, 1, 0, -EFAULT, -EFAULT);
	protect_memory(source->addr, source->size, PROT_READ | PROT_WRITE);
	expect_hole(self, 0);
}

SCENARIO(uffd_fill, behind_end,
	 "a page behind the end of the file cannot be filled: EFAULT")
{
	if (ftruncate(self->file, features.page_size))
		syscall_failed("ftruncate", errno);
	copy(self, 2, 1, 0, -EFAULT, -EFAULT);
	copy(self, 0, 1, 0, 0, features.page_size);
	expect_bytes_of(self, 0, BY_OWNER);
}

/* Watch the target for minor faults and more. The file has pages 0 and 1, which are not mapped. */
static void watch_minor(FIXTURE_DATA(uffd_fill) (*self), unsigned long long more)
{
	static unsigned char bytes[65536] __aligned(8);
	size_t i;

	for (i = 0; i < 2; i++) {
		write_page(bytes, self->target.serial, i, BY_OTHER);
		if (pwrite(self->file, bytes, features.page_size, i * features.page_size) !=
		    (ssize_t)features.page_size)
			syscall_failed("pwrite", errno);
	}
	monitor_leave(self->monitor, self->target.addr, self->target.size);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, self->target.addr, self->target.size,
					MINOR | more), 0);
	set_rule(RULE_FILLED_AS_ASKED);
}

SCENARIO(uffd_fill, continued,
	 "UFFDIO_CONTINUE maps pages of the file; one that is mapped is EEXIST, a hole of the file "
	 "EFAULT, and a fault of a page that it has not mapped goes to userfaultfd")
{
	watch_minor(self, 0);
	expect_hole(self, 0);
	map_existing(self, 0, 1, 0, features.page_size);
	expect_bytes_of(self, 0, BY_OTHER);
	expect_hole(self, 1);
	map_existing(self, 0, 1, -EEXIST, -EEXIST);
	map_existing(self, 2, 1, -EFAULT, -EFAULT);
	map_existing(self, 1, 2, -EAGAIN, features.page_size);
	expect_bytes_of(self, 1, BY_OTHER);
}

/* shmem_get_folio_gfp() finds a page that is not uptodate yet. */
SCENARIO(uffd_fill, continued_allocated,
	 "UFFDIO_CONTINUE maps a page that fallocate(2) has allocated and that was not written: it "
	 "is zero")
{
	const size_t size = features.page_size;

	watch_minor(self, 0);
	if (fallocate(self->file, 0, 3 * size, size))
		syscall_failed("fallocate", errno);
	map_existing(self, 3, 1, 0, size);
	expect_zeros(target(self, 3), "the allocated page");
}

/* If the page of the file were mapped writable, a private mapping could change the file. */
SCENARIO(uffd_fill, continued_and_written,
	 "a write to a page that UFFDIO_CONTINUE mapped changes the file if the mapping is shared, "
	 "and makes a copy if it is private; a write by /proc/PID/mem does the same")
{
	const bool shared = variant->flags == MAP_SHARED;
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	static unsigned char bytes[65536] __aligned(8);

	watch_minor(self, 0);
	map_existing(self, 0, 2, 0, 2 * features.page_size);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OWNER), features.page_size);
	expect_file_has(self, 0, shared ? BY_OWNER : BY_OTHER);
	write_page(bytes, self->target.serial, 1, BY_OWNER);
	expect_result("a write to /proc/self/mem",
		      errno_of(pwrite(mem, bytes, features.page_size,
				      (uintptr_t)target(self, 1))), features.page_size);
	expect_bytes_of(self, 1, BY_OWNER);
	expect_file_has(self, 1, shared ? BY_OWNER : BY_OTHER);
	close(mem);
}

#define CONTINUE_PROTECTED BIT_ULL(1)	/* UFFDIO_CONTINUE_MODE_WP of 6.4 */

SCENARIO(uffd_fill, continued_protected,
	 "UFFDIO_CONTINUE_MODE_WP maps a page of the file that is write-protected; without the "
	 "protection a write is done")
{
	struct uffdio_continue arg = {
		.range = { (uintptr_t)target(self, 0), features.page_size },
		.mode = CONTINUE_PROTECTED,
	};

	watch_minor(self, UFFDIO_REGISTER_MODE_WP);
	expect_result("UFFDIO_CONTINUE", errno_of(ioctl(self->monitor, UFFDIO_CONTINUE, &arg)), 0);
	map_existing(self, 1, 1, 0, features.page_size);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("the page", page_at(0, target(self, 0)), true);
	expect_uffd_wp("a page without", page_at(0, target(self, 1)), false);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OWNER), KILLED_BY(SIGBUS));
	expect_bytes_of(self, 0, BY_OTHER);
	monitor_protect(self->monitor, self->target.addr, features.page_size, false);
	expect_result("a write", cpu_write(&self->target, 0, 1, BY_OWNER), features.page_size);
}

/* mfill_establish_pmd() */
SCENARIO(uffd_fill, over_huge,
	 "UFFDIO_COPY to a page of a huge page fails with EEXIST, and the huge page stays")
{
	struct story *s = &self->story;
	struct huge_range range;
	struct uffdio_copy arg = { .src = (uintptr_t)s->buffer.addr, .len = features.page_size };

	huge_range_begin(&range, &s->device);
	write_page(page_in(range.addr, 3), s->buffer.serial, 3, BY_OTHER);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, range.addr, range.size, MODES), 0);
	arg.dst = (uintptr_t)page_in(range.addr, 3);
	set_rule(RULE_FILL_NEEDS_HOLE);
	expect_result("UFFDIO_COPY", errno_of(ioctl(self->monitor, UFFDIO_COPY, &arg)), -EEXIST);
	expect_result("the field \"copy\"", arg.copy, -EEXIST);
	expect_result("the mapping is huge", device_snapshot(&s->device, range.addr).huge, 1);
	expect_bytes(page_in(range.addr, 3), s->buffer.serial, 3, BY_OTHER, "the page");
	huge_range_end(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_uffd_fill", argc, argv);
}
