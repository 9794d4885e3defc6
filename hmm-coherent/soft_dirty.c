// SPDX-License-Identifier: GPL-2.0
/*
 * The soft-dirty bit and userfaultfd write protection when page table entries
 * are changed by mprotect(), the end of exclusive access, UFFDIO_MOVE and a
 * split
 *
 * A checkpoint copies the pages that are soft-dirty. If an entry of a clean
 * page becomes writable, the next write causes no fault, and the checkpoint
 * misses it.
 */
#include "suite/harness.h"

#include <errno.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(soft_dirty)
{
	struct story story;
	int monitor;		/* a userfaultfd, -1: none */
	struct huge_range huge;
};

FIXTURE_VARIANT(soft_dirty)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(soft_dirty, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(soft_dirty, system) { .place = PLACE_SYSTEM };

WHY_NOT(soft_dirty)
{
	if (!strcmp(test, "new_that_joins") && !kernel_has(CHANGE_JOINED_STAYS_DIRTY))
		return "this kernel forgets that new memory is soft-dirty when it joins (6.19)";
	return strcmp(test, "moved_by_monitor") || monitor_can(UFFD_FEATURE_MOVE) ||
			       kernel_has(CHANGE_UFFD_MOVE) ?
		       NULL :
		       "this kernel has no UFFDIO_MOVE (6.8)";
}

FIXTURE_SETUP(soft_dirty)
{
	self->monitor = -1;
	self->huge.map = NULL;
	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(soft_dirty)
{
	if (self->monitor >= 0)
		close(self->monitor);
	if (self->huge.map)
		huge_range_end(&self->huge);
	story_end(&self->story);
}

static void expect_dirty(const void *addr, const char *what, bool dirty)
{
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_soft_dirty(what, page_at(0, addr), dirty);
}

/* Check that a write to page 0 makes this page soft-dirty and no other. */
static void expect_write_is_seen(struct story *s)
{
	story_write(s, 0);
	expect_dirty(s->buffer.addr, "is the written page soft-dirty", true);
	expect_dirty(buffer_page(&s->buffer, 1), "is the next page soft-dirty", false);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
}

SCENARIO(soft_dirty, after_mprotect,
	 "mprotect() to read-only and back makes no page soft-dirty, and a later write does")
{
	struct story *s = &self->story;

	clear_soft_dirty();
	story_protect(s, 0, PAGES, PROT_READ);
	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	expect_dirty(s->buffer.addr, "is a page soft-dirty that was not written", false);
	expect_write_is_seen(s);
}

SCENARIO(soft_dirty, after_mprotect_in_part,
	 "mprotect() of one page to PROT_NONE and back, which splits and merges the mapping, makes "
	 "no page soft-dirty, and a later write does")
{
	struct story *s = &self->story;

	clear_soft_dirty();
	story_protect(s, 0, 1, PROT_NONE);
	story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
	expect_dirty(s->buffer.addr, "is a page soft-dirty that was not written", false);
	expect_write_is_seen(s);
}

SCENARIO(soft_dirty, after_exclusive,
	 "the end of exclusive access does not change whether a page is soft-dirty, and a later "
	 "write makes it soft-dirty")
{
	struct story *s = &self->story;

	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	expect_at(s, 0, PLACE_SWAPPED);
	clear_soft_dirty();
	expect_dirty(s->buffer.addr, "is the page soft-dirty during exclusive access", false);
	expect_owner_sees(s, 0, BY_OWNER);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_stays(s, 0);
	if (kernel_has(CHANGE_EXCLUSIVE_ENDS_CLEAN))
		expect_dirty(s->buffer.addr, "is the page soft-dirty after a read", false);
	expect_write_is_seen(s);
}

/*
 * MADV_FREE makes the entry of a page of memory clean, so that the soft-dirty
 * bit is not a result of the dirty bit. It skips a device page.
 */
SCENARIO(soft_dirty, moved_by_monitor,
	 "a page is soft-dirty after UFFDIO_MOVE, also if it was not before")
{
	struct story *s = &self->story;
	unsigned char *to = map_memory(PAGES * features.page_size, PROT_READ | PROT_WRITE);

	self->monitor = monitor_open(to, PAGES * features.page_size, UFFD_FEATURE_MOVE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(self->monitor >= 0, "UFFDIO_API refuses UFFD_FEATURE_MOVE");
	clear_soft_dirty();
	advise_memory(s->buffer.addr, features.page_size, MADV_FREE);
	expect_dirty(s->buffer.addr, "is the page soft-dirty before", false);
	set_rule(RULE_MOVED_BY_MAPPING);
	expect_result("UFFDIO_MOVE",
		      monitor_move(self->monitor, to, s->buffer.addr, features.page_size), 0);
	expect(page_at(0, to).pfn == s->frames[0], "the moved page has frame 0x%lx, not 0x%lx",
	       page_at(0, to).pfn, s->frames[0]);
	expect_dirty(to, "is the moved page soft-dirty", true);
	expect_dirty(to + features.page_size, "is the address next to it soft-dirty", false);
	expect_bytes(to, s->buffer.serial, 0, BY_OWNER, "bytes of the moved page");
}

/*
 * Split the huge page, by migration of one page or by debugfs. Pages of zeros
 * may be mapped by the zero page afterwards.
 */
static void split_huge(FIXTURE_DATA(soft_dirty) (*self))
{
	const unsigned long addr = (unsigned long)self->huge.addr;
	struct story *s = &self->story;
	char text[80];
	int error;

	if (story_on_device(s)) {
		device_move_to(&s->device, self->huge.addr, 1);
	} else {
		snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", getpid(), addr,
			 addr + self->huge.size);
		error = write_text("/sys/kernel/debug/split_huge_pages", text);
		if (error == -ENOENT)
			not_prepared("/sys/kernel/debug/split_huge_pages does not exist");
		if (error)
			syscall_failed("/sys/kernel/debug/split_huge_pages", -error);
	}
	set_rule(RULE_HUGE_IS_SPLIT);
	must(!device_snapshot(&s->device, self->huge.addr).huge, "the huge page was not split");
}

SCENARIO(soft_dirty, split_when_written,
	 "if a written huge page is split, each of its small pages is soft-dirty, also pages of "
	 "zeros")
{
	struct huge_range *huge = &self->huge;
	size_t i, lost = 0;

	huge_range_begin(huge, &self->story.device);
	clear_soft_dirty();
	expect_dirty(page_in(huge->addr, 1), "is a page soft-dirty that was not written", false);
	write_page(huge->addr, self->story.buffer.serial, 0, BY_OWNER);
	expect_dirty(page_in(huge->addr, 1), "is the huge page soft-dirty", true);
	split_huge(self);
	for (i = 0; i < huge->pages; i++)
		lost += !page_at(0, page_in(huge->addr, i)).soft_dirty;
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_result("pages that are not soft-dirty any more", lost, 0);
	expect_bytes(huge->addr, self->story.buffer.serial, 0, BY_OWNER, "bytes of page 0");
	expect_zeros(page_in(huge->addr, 1), "bytes of page 1");
}

SCENARIO(soft_dirty, split_when_protected,
	 "if a huge page that userfaultfd protects is split, each of its small pages is protected, "
	 "also pages of zeros")
{
	struct huge_range *huge = &self->huge;
	size_t i, lost = 0;
	struct buffer range = { .serial = 1 };

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	huge_range_begin(huge, &self->story.device);
	write_page(huge->addr, self->story.buffer.serial, 0, BY_OWNER);
	self->monitor = monitor_open(huge->addr, huge->size, 0);
	monitor_protect(self->monitor, huge->addr, huge->size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	must(page_at(0, page_in(huge->addr, 1)).uffd_wp, "the huge page is not protected");
	split_huge(self);
	for (i = 0; i < huge->pages; i++)
		lost += !page_at(0, page_in(huge->addr, i)).uffd_wp;
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("pages that are not protected any more", lost, 0);
	range.addr = huge->addr;
	range.pages = huge->pages;
	range.size = huge->size;
	expect_result("a write to a page of zeros", cpu_write(&range, 1, 1, BY_OTHER),
		      KILLED_BY(SIGBUS));
}

/* pagemap shows a hole as soft-dirty in a mapping that is new (VM_SOFTDIRTY). */
SCENARIO(soft_dirty, new_that_joins,
	 "new memory that mremap() makes one mapping with older memory stays soft-dirty")
{
	const size_t size = features.page_size;
	unsigned char *room = map_memory(4 * size, PROT_NONE), *new = room + 3 * size;

	protect_memory(room, size, PROT_READ | PROT_WRITE);
	write_page(room, self->story.buffer.serial, 0, BY_OWNER);
	clear_soft_dirty();
	if (mmap(new, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != new)
		syscall_failed("mmap", errno);
	expect_dirty(new, "is new memory soft-dirty", true);
	move_memory(new, size, room + size);
	expect_dirty(room + size, "is it soft-dirty where it was moved to", true);
	unmap_memory(room, 4 * size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_soft_dirty", argc, argv);
}
