// SPDX-License-Identifier: GPL-2.0
/*
 * Write protection of shared memory by userfaultfd: where the page is not
 * mapped, a marker in the page table keeps it
 *
 * Everything that takes the page out of the page table, but leaves it in the
 * file, must leave the marker.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/cpu.h"
#include "reach/monitor.h"
#include "reach/swap.h"
#include "see/device.h"

#define PAGES 4
/* Of the pages: written and protected, protected without memory, not protected, written. */
enum { PAGE_PROTECTED, PAGE_EMPTY, PAGE_FREE, PAGE_OTHER };

FIXTURE(monitor_shared)
{
	struct buffer range;
	int file, monitor;
};

FIXTURE_SETUP(monitor_shared)
{
	struct buffer *range = &self->range;
	size_t i;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	*range = (struct buffer){ .pages = PAGES, .size = PAGES * features.page_size,
				  .serial = 1 };
	self->file = memfd_create("monitor-shared", MFD_CLOEXEC);
	if (self->file < 0 || ftruncate(self->file, range->size))
		syscall_failed("memfd_create", errno);
	range->addr = mmap(NULL, range->size, PROT_READ | PROT_WRITE, MAP_SHARED, self->file, 0);
	if (range->addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	self->monitor = monitor_open(range->addr, range->size, MONITOR_OF_SHARED_MEMORY);
	need(self->monitor >= 0, SKIP_NO_UFFD_WP);
	for (i = 0; i < PAGES; i++)
		if (i != PAGE_EMPTY)
			buffer_write(range, i, 1, BY_OWNER);
	monitor_protect(self->monitor, range->addr, 2 * features.page_size, true);
}

FIXTURE_TEARDOWN(monitor_shared)
{
	close(self->monitor);
	unmap_memory(self->range.addr, self->range.size);
	close(self->file);
}

static void expect_page(FIXTURE_DATA(monitor_shared) (*self), size_t page, bool protected)
{
	struct buffer *range = &self->range;

	expect_uffd_wp("the page", page_at(0, buffer_page(range, page)), protected);
	expect_result("a write", cpu_write(range, page, 1, BY_OTHER),
		      protected ? KILLED_BY(SIGBUS) : (long)features.page_size);
}

/* The pages are protected as at the beginning, and have their bytes. */
static void expect_kept(FIXTURE_DATA(monitor_shared) (*self))
{
	struct buffer *range = &self->range;

	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_page(self, PAGE_PROTECTED, true);
	expect_page(self, PAGE_EMPTY, true);
	expect_bytes(buffer_page(range, PAGE_PROTECTED), range->serial, PAGE_PROTECTED, BY_OWNER,
		     "bytes of the protected page");
	expect_page(self, PAGE_PROTECTED, true);
	expect_bytes(buffer_page(range, PAGE_OTHER), range->serial, PAGE_OTHER, BY_OWNER,
		     "bytes of another page");
	expect_page(self, PAGE_FREE, false);
	monitor_protect(self->monitor, range->addr, range->size, false);
	expect_page(self, PAGE_PROTECTED, false);
	expect_page(self, PAGE_EMPTY, false);
}

SCENARIO(monitor_shared, as_asked,
	 "pages with and without memory are protected, also when they are read, until the "
	 "protection is removed")
{
	expect_kept(self);
}

SCENARIO(monitor_shared, dropped,
	 "MADV_DONTNEED unmaps the pages and keeps their protection")
{
	advise_memory(self->range.addr, self->range.size, MADV_DONTNEED);
	expect_kept(self);
}

/* An access would replace the marker by a page that is protected. */
SCENARIO(monitor_shared, released,
	 "the protection can be removed from pages that are not mapped and were not accessed since")
{
	struct buffer *range = &self->range;

	advise_memory(range->addr, range->size, MADV_DONTNEED);
	monitor_protect(self->monitor, range->addr, range->size, false);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_page(self, PAGE_PROTECTED, false);
	expect_page(self, PAGE_EMPTY, false);
	expect_page(self, PAGE_FREE, false);
}

SCENARIO(monitor_shared, swapped,
	 "MADV_PAGEOUT swaps the pages out and keeps their protection")
{
	swap_on();
	drain_lru_batches();
	advise_memory(self->range.addr, self->range.size, MADV_PAGEOUT);
	expect_kept(self);
}

SCENARIO(monitor_shared, mprotected,
	 "mprotect() to PROT_NONE and back keeps the protection")
{
	protect_memory(self->range.addr, self->range.size, PROT_NONE);
	protect_memory(self->range.addr, self->range.size, PROT_READ | PROT_WRITE);
	expect_kept(self);
}

SCENARIO(monitor_shared, written_by_file,
	 "write(2) to the file changes the bytes that a protected mapping sees and keeps the "
	 "protection")
{
	static unsigned char bytes[65536] __aligned(8);
	struct buffer *range = &self->range;

	write_page(bytes, range->serial, PAGE_PROTECTED, BY_MEDIUM);
	if (pwrite(self->file, bytes, features.page_size, 0) != (ssize_t)features.page_size)
		syscall_failed("pwrite", errno);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_page(self, PAGE_PROTECTED, true);
	expect_bytes(range->addr, range->serial, PAGE_PROTECTED, BY_MEDIUM,
		     "bytes of the protected page");
	expect_page(self, PAGE_EMPTY, true);
}

/*
 * Whether the marker stays is up to the kernel: a later write is to a page that
 * the monitor has not seen. The bytes must be gone, and the protection must end
 * when it is removed.
 */
static void expect_removed(FIXTURE_DATA(monitor_shared) (*self))
{
	struct buffer *range = &self->range;
	size_t i;

	set_rule(RULE_END_OF_FILE);
	for (i = 0; i < PAGES; i++)
		expect_zeros(buffer_page(range, i), "a page that was removed from the file");
	monitor_protect(self->monitor, range->addr, range->size, false);
	set_rule(RULE_MONITOR_LETS_GO);
	for (i = 0; i < PAGES; i++)
		expect_page(self, i, false);
}

SCENARIO(monitor_shared, removed,
	 "pages that are removed from the file read as zeros, and can be written when the "
	 "protection is removed")
{
	if (fallocate(self->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      self->range.size))
		syscall_failed("fallocate", errno);
	expect_removed(self);
}

SCENARIO(monitor_shared, truncated,
	 "the same after truncation and growth of the file")
{
	if (ftruncate(self->file, 0) || ftruncate(self->file, self->range.size))
		syscall_failed("ftruncate", errno);
	expect_removed(self);
}

SCENARIO(monitor_shared, mapped_twice,
	 "the protection is that of one mapping: another mapping of the file can be written, and "
	 "the protected one sees it")
{
	struct buffer *range = &self->range, other = *range;

	other.addr = mmap(NULL, range->size, PROT_READ | PROT_WRITE, MAP_SHARED, self->file, 0);
	if (other.addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_result("a write by the other mapping",
		      cpu_write(&other, PAGE_PROTECTED, 2, BY_OTHER), 2 * features.page_size);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_page(self, PAGE_PROTECTED, true);
	expect_page(self, PAGE_EMPTY, true);
	expect_bytes(buffer_page(range, PAGE_EMPTY), range->serial, PAGE_EMPTY, BY_OTHER,
		     "bytes of the protected page");
	unmap_memory(other.addr, other.size);
}

SCENARIO(monitor_shared, moved,
	 "mremap() moves the pages to a mapping that is not watched, where they are not protected")
{
	struct buffer *range = &self->range;
	unsigned char *to = map_memory(range->size, PROT_NONE);

	set_rule(RULE_LEGAL_CALLS_WORK);
	move_memory(range->addr, range->size, to);
	range->addr = to;
	set_rule(RULE_MONITOR_LETS_GO);
	expect_page(self, PAGE_PROTECTED, false);
	expect_page(self, PAGE_EMPTY, false);
	expect_page(self, PAGE_FREE, false);
}

SCENARIO(monitor_shared, closed,
	 "after the userfaultfd is closed no page is protected")
{
	close(self->monitor);
	self->monitor = -1;
	set_rule(RULE_MONITOR_LETS_GO);
	expect_page(self, PAGE_PROTECTED, false);
	expect_page(self, PAGE_EMPTY, false);
	expect_page(self, PAGE_FREE, false);
}

SCENARIO(monitor_shared, read_by_device,
	 "a device reads a protected page, with and without memory, and it stays protected")
{
	struct buffer *range = &self->range;
	struct device device;

	device_open(&device, PLACE_COHERENT, 1);
	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("the read of a hole",
		      device_read(&device, buffer_page(range, PAGE_EMPTY), 1), 0);
	expect_zeros(device.bounce, "what the device reads from a hole");
	expect_result("the read of a page",
		      device_read(&device, buffer_page(range, PAGE_PROTECTED), 1), 0);
	expect_bytes(device.bounce, range->serial, PAGE_PROTECTED, BY_OWNER,
		     "what the device reads");
	device_close(&device);
	expect_kept(self);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_monitor_shared", argc, argv);
}
