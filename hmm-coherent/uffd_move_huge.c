// SPDX-License-Identifier: GPL-2.0
/* UFFDIO_MOVE of huge pages: whole, in part, pinned, shared, and of the huge zero page */
#include "suite/harness.h"

#include <errno.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/counters.h"
#include "see/pin.h"
#include "story/huge.h"

FIXTURE(uffd_move_huge)
{
	struct huge huge;	/* the source is huge.addr, the target huge.control */
	unsigned char *to;
	int monitor, pin;	/* -1: none */
};

WHY_NOT(uffd_move_huge)
{
	if (!kernel_has(CHANGE_UFFD_MOVE) && !monitor_can(UFFD_FEATURE_MOVE))
		return "this kernel has no UFFDIO_MOVE (6.8)";
	return NULL;
}

FIXTURE_SETUP(uffd_move_huge)
{
	int error;

	need(features.uffd_wp, SKIP_NO_USERFAULTFD);
	self->pin = -1;
	huge_begin(&self->huge, false);
	self->to = self->huge.control;
	self->monitor = monitor_create(UFFD_FEATURE_MOVE);
	if (self->monitor < 0)
		syscall_failed("UFFDIO_API with UFFD_FEATURE_MOVE", EINVAL);
	error = monitor_watch_for(self->monitor, self->to, self->huge.size,
				  UFFDIO_REGISTER_MODE_MISSING);
	if (error)
		syscall_failed("UFFDIO_REGISTER", -error);
	set_rule(RULE_MOVED_BY_MAPPING);
}

FIXTURE_TEARDOWN(uffd_move_huge)
{
	if (self->pin >= 0)
		pin_drop(self->pin);
	close(self->monitor);
	huge_end(&self->huge);
}

/* Move @count pages from page @first on to the same position in the target. */
static void move(FIXTURE_DATA(uffd_move_huge) (*self), size_t first, size_t count, long expected)
{
	expect_result("UFFDIO_MOVE",
		      monitor_move(self->monitor, page_in(self->to, first),
				   page_in(self->huge.addr, first), count * features.page_size),
		      expected);
}

/* Check that pages [first, first + count) are at the target, with their bytes, and no others. */
static void expect_moved(FIXTURE_DATA(uffd_move_huge) (*self), size_t first, size_t count)
{
	struct huge *h = &self->huge;
	size_t i, misplaced = 0, lost = 0;

	for (i = 0; i < h->pages; i++) {
		const bool is_moved = i >= first && i < first + count;
		unsigned char *here = page_in(is_moved ? self->to : h->addr, i);
		unsigned char *there = page_in(is_moved ? h->addr : self->to, i);

		misplaced += page_at(0, there).at != PLACE_NOWHERE ||
			     page_at(0, here).at == PLACE_NOWHERE;
		lost += page_at(0, here).at == PLACE_NOWHERE ||
			read_page(here, h->story.buffer.serial, i, BY_OWNER, BY_OTHER) != DATA_OLD;
	}
	expect_result("pages in the wrong place", misplaced, 0);
	expect_result("pages with other bytes", lost, 0);
}

SCENARIO(uffd_move_huge, whole,
	 "a huge page is moved as one, and is counted at its new address")
{
	struct huge *h = &self->huge;
	unsigned long frame;

	huge_fill(h, h->addr, true);
	frame = page_at(0, h->addr).pfn;
	move(self, 0, h->pages, 0);
	expect_moved(self, 0, h->pages);
	expect(page_at(0, self->to).pfn == frame, "the moved huge page has another frame");
	expect(device_snapshot(&h->device, self->to).huge, "the target is not one huge page");
	expect_result("Rss of the target", smaps_bytes(self->to, "Rss"), h->size);
	write_page(self->to, h->story.buffer.serial, 0, BY_OWNER_AGAIN);
	expect(page_at(0, self->to).pfn == frame, "a write made a copy");
	device_move_to(&h->device, page_in(self->to, 3), 1);
	set_rule(RULE_ENTRY);
	expect(page_at(0, page_in(self->to, 3)).at == PLACE_COHERENT,
	       "a page of the moved huge page cannot be migrated to the device");
}

SCENARIO(uffd_move_huge, part,
	 "a part of a huge page is moved, the rest stays")
{
	struct huge *h = &self->huge;

	huge_fill(h, h->addr, true);
	move(self, 5, 3, 0);
	expect_moved(self, 5, 3);
}

SCENARIO(uffd_move_huge, pinned,
	 "a pinned huge page is refused with EBUSY, and is moved when the pin is gone")
{
	struct huge *h = &self->huge;

	need(features.pin_stays, SKIP_NO_STAYING_PINS);
	huge_fill(h, h->addr, true);
	self->pin = pin_hold(false, true, page_in(h->addr, 7), 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(self->pin >= 0, "a long-term pin fails with errno %d", -self->pin);
	set_rule(RULE_MOVED_BY_MAPPING);
	move(self, 0, h->pages, -EBUSY);
	expect_moved(self, 0, 0);
	pin_drop(self->pin);
	self->pin = -1;
	move(self, 0, h->pages, 0);
	expect_moved(self, 0, h->pages);
}

SCENARIO(uffd_move_huge, shared,
	 "a huge page that a child shares is refused with EBUSY")
{
	struct huge *h = &self->huge;

	huge_fill(h, h->addr, true);
	child_fork(&h->story.child);
	move(self, 0, h->pages, -EBUSY);
	expect_moved(self, 0, 0);
}

/*
 * The huge zero page has no folio of its own to make an entry from. The target
 * is in another state than its source if the entry is made in a wrong way.
 */
SCENARIO(uffd_move_huge, zero_page,
	 "the huge zero page is moved: the target reads as zeros and can be written")
{
	struct huge *h = &self->huge;
	const long failed = read_counter("/proc/vmstat", "thp_zero_page_alloc_failed");
	unsigned long frame;
	size_t i, changed = 0;

	need(read_number(THP "use_zero_page") == 1, SKIP_NO_HUGE_ZERO_PAGE);
	advise_memory(h->addr, h->size, MADV_HUGEPAGE);
	expect_zeros(h->addr, "memory that was never written");
	if (!device_snapshot(&h->device, h->addr).huge &&
	    read_counter("/proc/vmstat", "thp_zero_page_alloc_failed") > failed)
		huge_memory_refused("the huge zero page");
	must(device_snapshot(&h->device, h->addr).huge, "the huge zero page is not mapped");
	frame = page_at(0, h->addr).pfn;
	move(self, 0, h->pages, 0);
	must(page_at(0, self->to).pfn == frame, "the target has frame 0x%lx, not 0x%lx",
	     page_at(0, self->to).pfn, frame);
	for (i = 0; i < h->pages; i++)
		changed += read_page(page_in(self->to, i), h->story.buffer.serial, i, BY_OWNER,
				     BY_OTHER) != DATA_ZERO;
	expect_result("pages that are not zero", changed, 0);
	expect(page_at(0, h->addr).at == PLACE_NOWHERE, "the source still has a page");
	expect_result("Anonymous of the target", smaps_bytes(self->to, "Anonymous"), 0);
	write_page(self->to, h->story.buffer.serial, 0, BY_OWNER);
	expect_bytes(self->to, h->story.buffer.serial, 0, BY_OWNER, "bytes that were written");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_uffd_move_huge", argc, argv);
}
