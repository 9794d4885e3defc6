// SPDX-License-Identifier: GPL-2.0
/*
 * The soft-dirty bit of a huge page that the kernel moves to another NUMA node,
 * as migration to a device does with small pages (S2)
 */
#include "numa.h"

#include <numaif.h>

#include "kernel/kernel.h"
#include "kernel/restore.h"
#include "story/huge.h"

/* Clear all soft-dirty bits of this process. */
static void clear_dirty(void)
{
	int error;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	error = write_text("/proc/self/clear_refs", "4");
	if (error)
		syscall_failed("clear_refs", -error);
}

/* A huge page on the home node, which is then moved to the other one. */
static void move_huge_page(FIXTURE_DATA(numa) (*self), struct huge_range *range)
{
	const unsigned long frame = page_at(0, range->addr).pfn;

	if (mbind(range->addr, range->size, MPOL_BIND, node_mask(self->other)->maskp,
		  node_mask(self->other)->size + 1, MPOL_MF_MOVE))
		syscall_failed("mbind", errno);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(page_at(0, range->addr).pfn != frame, "mbind() does not move the huge page");
	must(device_snapshot(&self->story.device, range->addr).huge,
	     "mbind() has split the huge page");
}

static size_t soft_dirty_pages(const struct huge_range *range)
{
	struct page pages[PAGES_LOOK_MAX];
	size_t i, j, dirty = 0;

	for (i = 0; i < range->pages; i += j) {
		size_t count = range->pages - i < PAGES_LOOK_MAX ? range->pages - i :
								   PAGES_LOOK_MAX;

		pages_look(page_in(range->addr, i), count, pages);
		for (j = 0; j < count; j++)
			dirty += pages[j].soft_dirty;
	}
	return dirty;
}

static void begin_on_home(FIXTURE_DATA(numa) (*self), struct huge_range *range)
{
	bind_task(&self->story, self->home);
	huge_range_begin(range, &self->story.device);
	memset(range->addr, 0x5a, range->size);
}

SCENARIO(numa, huge_clean,
	 "a huge page that was not written since the soft-dirty bits were cleared is not "
	 "soft-dirty "
	 "after it was moved")
{
	struct huge_range range;

	begin_on_home(self, &range);
	clear_dirty();
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages before", soft_dirty_pages(&range), 0);
	move_huge_page(self, &range);
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages after the move, in per cent",
		      per_cent(soft_dirty_pages(&range), range.pages), 0);
	huge_range_end(&range);
}

SCENARIO(numa, huge_written,
	 "a huge page that was written since then is soft-dirty after it was moved")
{
	struct huge_range range;

	begin_on_home(self, &range);
	clear_dirty();
	*(volatile unsigned char *)range.addr = 1;
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages before", soft_dirty_pages(&range), range.pages);
	move_huge_page(self, &range);
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages after the move", soft_dirty_pages(&range), range.pages);
	huge_range_end(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_huge_moved", argc, argv);
}
