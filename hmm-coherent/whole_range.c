// SPDX-License-Identifier: GPL-2.0
/*
 * Calls over a range of several mappings, with and without a gap
 *
 * A call that walks mappings has to go on at the border between two of them,
 * and to stop, or not, where nothing is mapped. What it says must be what it
 * has done: success only for the whole range, and for a part the errno of the
 * place where it ended.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/counters.h"
#include "story/story.h"

#define PAGES 4		/* two mappings of two pages each, on the device */

FIXTURE(whole_range)
{
	struct story story;
	int monitor;		/* -1: none */
};

static long protect(FIXTURE_DATA(whole_range) (*self), void *addr, size_t size)
{
	(void)self;
	return errno_of(mprotect(addr, size, PROT_READ));
}

static bool is_read_only(FIXTURE_DATA(whole_range) (*self), size_t page)
{
	return cpu_write(&self->story.buffer, page, 1, BY_OWNER) == KILLED_BY(SIGSEGV);
}

static long watch_writes(FIXTURE_DATA(whole_range) (*self), void *addr, size_t size)
{
	struct uffdio_writeprotect range = {
		.range = { .start = (uintptr_t)addr, .len = size },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	return errno_of(ioctl(self->monitor, UFFDIO_WRITEPROTECT, &range));
}

static bool is_watched(FIXTURE_DATA(whole_range) (*self), size_t page)
{
	return page_at(0, buffer_page(&self->story.buffer, page)).uffd_wp;
}

static long lock(FIXTURE_DATA(whole_range) (*self), void *addr, size_t size)
{
	(void)self;
	return errno_of(mlock(addr, size));
}

/* smaps counts the pages of a locked mapping. */
static bool is_locked(FIXTURE_DATA(whole_range) (*self), size_t page)
{
	return smaps_bytes(buffer_page(&self->story.buffer, page), "Locked") > 0;
}

static long give_back(FIXTURE_DATA(whole_range) (*self), void *addr, size_t size)
{
	(void)self;
	return errno_of(madvise(addr, size, MADV_DONTNEED));
}

static bool is_hole(FIXTURE_DATA(whole_range) (*self), size_t page)
{
	return page_at(0, buffer_page(&self->story.buffer, page)).at == PLACE_NOWHERE;
}

static long unmap(FIXTURE_DATA(whole_range) (*self), void *addr, size_t size)
{
	(void)self;
	return errno_of(munmap(addr, size));
}

static bool is_gone(FIXTURE_DATA(whole_range) (*self), size_t page)
{
	return cpu_read(&self->story.buffer, page, 1, NULL) == KILLED_BY(SIGSEGV);
}

static long set_policy(FIXTURE_DATA(whole_range) (*self), void *addr, size_t size)
{
	(void)self;
	return errno_of(mbind(addr, size, MPOL_LOCAL, NULL, 0, 0));
}

static bool has_policy(FIXTURE_DATA(whole_range) (*self), size_t page)
{
	int mode = -1;

	if (get_mempolicy(&mode, NULL, 0, buffer_page(&self->story.buffer, page), MPOL_F_ADDR))
		syscall_failed("get_mempolicy", errno);
	return mode == MPOL_LOCAL;
}

FIXTURE_VARIANT(whole_range)
{
	long (*call)(FIXTURE_DATA(whole_range) (*self), void *addr, size_t size);
	bool (*is_done)(FIXTURE_DATA(whole_range) (*self), size_t page);
	long gap;		/* the result if a part of the range is not mapped */
	bool before, behind;	/* is it done before the gap, and behind it? */
};

FIXTURE_VARIANT_ADD(whole_range, mprotect) {
	.call = protect, .is_done = is_read_only, .gap = -ENOMEM, .before = true };
FIXTURE_VARIANT_ADD(whole_range, uffd_wp) {
	.call = watch_writes, .is_done = is_watched, .before = true, .behind = true };
FIXTURE_VARIANT_ADD(whole_range, mlock) {
	.call = lock, .is_done = is_locked, .gap = -ENOMEM, .before = true };
FIXTURE_VARIANT_ADD(whole_range, dontneed) {
	.call = give_back, .is_done = is_hole, .gap = -ENOMEM, .before = true, .behind = true };
FIXTURE_VARIANT_ADD(whole_range, munmap) {
	.call = unmap, .is_done = is_gone, .before = true, .behind = true };
FIXTURE_VARIANT_ADD(whole_range, mbind) {
	.call = set_policy, .is_done = has_policy, .gap = -EFAULT };

WHY_NOT(whole_range)
{
	if (variant->call == watch_writes && !kernel_has(CHANGE_WP_OF_MAPPINGS))
		return "userfaultfd of this kernel protects a range of one mapping only (6.4)";
	if (!strcmp(test, "refused_behind") && variant->call != protect)
		return "only mprotect() can be refused by a mapping";
	if (!strcmp(test, "joined_on_the_way") && variant->call != protect)
		return "only mprotect() makes these mappings one";
	return NULL;
}

FIXTURE_SETUP(whole_range)
{
	struct buffer *buffer = &self->story.buffer;

	self->monitor = -1;
	if (variant->call == set_policy)
		need(numa_available() >= 0, SKIP_NO_NUMA);
	if (variant->call == watch_writes)
		need(features.uffd_wp, SKIP_NO_UFFD_WP);
	story_begin(&self->story, PLACE_COHERENT, false, PAGES);
	/* Mappings with and without MADV_DONTFORK are not one. */
	advise_memory(buffer_page(buffer, 2), 2 * features.page_size, MADV_DONTFORK);
	if (variant->call == watch_writes)
		self->monitor = monitor_open(buffer->addr, buffer->size, 0);
}

FIXTURE_TEARDOWN(whole_range)
{
	if (self->monitor >= 0)
		close(self->monitor);
	/* The outcome is that of the calls, after which pages may be gone. */
	self->story.buffer.pages = 0;
	story_end(&self->story);
}

/* Check for the pages [@first, @end) whether the call has acted on them. */
static void expect_done(FIXTURE_DATA(whole_range)(*self),
			const FIXTURE_VARIANT(whole_range)(*variant), size_t first, size_t end,
			bool done)
{
	char what[32];

	for (; first < end; first++) {
		snprintf(what, sizeof(what), "page %zu", first);
		expect_same(variant->is_done(self, first) == done, what,
			    done ? "done" : "not done", done ? "not done" : "done");
	}
}

SCENARIO(whole_range, two_mappings,
	 "a call over two mappings succeeds and acts on each page of both")
{
	struct buffer *buffer = &self->story.buffer;

	set_rule(RULE_WHOLE_RANGE);
	expect_result("the call", variant->call(self, buffer->addr, buffer->size), 0);
	expect_done(self, variant, 0, PAGES, true);
}

SCENARIO(whole_range, inside,
	 "a call from inside of the first mapping to inside of the second acts on their pages in "
	 "the range, and on no other")
{
	unsigned char *second = buffer_page(&self->story.buffer, 1);

	set_rule(RULE_WHOLE_RANGE);
	expect_result("the call", variant->call(self, second, 2 * features.page_size), 0);
	expect_done(self, variant, 0, 1, false);
	expect_done(self, variant, 1, 3, true);
	expect_done(self, variant, 3, PAGES, false);
}

SCENARIO(whole_range, gap_behind,
	 "a range whose end is not mapped has the errno of that, and is done as far as the call "
	 "goes")
{
	struct buffer *buffer = &self->story.buffer;

	unmap_memory(buffer_page(buffer, PAGES - 1), features.page_size);
	set_rule(RULE_WHOLE_RANGE);
	expect_result("the call", variant->call(self, buffer->addr, buffer->size), variant->gap);
	expect_done(self, variant, 0, PAGES - 1, variant->before);
}

SCENARIO(whole_range, gap_before,
	 "the same for a range whose beginning is not mapped")
{
	struct buffer *buffer = &self->story.buffer;

	unmap_memory(buffer->addr, features.page_size);
	set_rule(RULE_WHOLE_RANGE);
	expect_result("the call", variant->call(self, buffer->addr, buffer->size), variant->gap);
	expect_done(self, variant, 1, PAGES, variant->behind);
}

SCENARIO(whole_range, refused_behind,
	 "mprotect() that a later mapping does not permit returns EACCES, and the mapping before "
	 "it is changed")
{
	struct buffer *buffer = &self->story.buffer;
	const size_t page = features.page_size;
	int file = memfd_create("whole-range", MFD_CLOEXEC);
	char path[64];
	int reader;

	if (file < 0 || ftruncate(file, page))
		syscall_failed("memfd_create", errno);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	if (reader < 0 || mmap(buffer_page(buffer, 3), page, PROT_READ, MAP_SHARED | MAP_FIXED,
			       reader, 0) == MAP_FAILED)
		syscall_failed("mmap of a file that is open for reading", errno);
	protect_memory(buffer->addr, 3 * page, PROT_READ);
	set_rule(RULE_WHOLE_RANGE);
	expect_result("mprotect to R/W",
		      errno_of(mprotect(buffer->addr, buffer->size, PROT_READ | PROT_WRITE)),
		      -EACCES);
	expect_result("a write before it", cpu_write(buffer, 0, 3, BY_OWNER), 3 * page);
	expect_result("a write to it", cpu_write(buffer, 3, 1, BY_OWNER), KILLED_BY(SIGSEGV));
	close(reader);
	close(file);
}

SCENARIO(whole_range, joined_on_the_way,
	 "mprotect() of three mappings changes the third also if it makes one of the first two")
{
	struct buffer *buffer = &self->story.buffer;

	protect_memory(buffer_page(buffer, 1), features.page_size, PROT_READ);
	set_rule(RULE_WHOLE_RANGE);
	expect_result("the call", variant->call(self, buffer->addr, buffer->size), 0);
	expect_done(self, variant, 0, PAGES, true);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_whole_range", argc, argv);
}
