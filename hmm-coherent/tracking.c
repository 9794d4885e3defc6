// SPDX-License-Identifier: GPL-2.0
/* Tracking of pages: soft-dirty bit, accessed bit, smaps, PAGEMAP_SCAN */
#include "tracking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/counters.h"
#include "see/scan.h"

WHY_NOT(tracking)
{
	return strcmp(test, "pagemap_scan") || scan_available() ?
		       NULL :
		       "this kernel has no PAGEMAP_SCAN (6.7)";
}

static void expect_dirty(struct story *s, size_t page, bool dirty)
{
	expect_soft_dirty("soft-dirty bit in pagemap", story_page(s, page), dirty);
}

SCENARIO(tracking, soft_dirty_clean,
	 "a page that was not written is not soft-dirty after migration to the device and back")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	story_migrate_back(s);
	clear_soft_dirty();
	set_rule(RULE_MARKS_TRAVEL);
	expect_dirty(s, 0, false);
	story_migrate_to_device(s);
	expect_at(s, 0, PLACE_COHERENT);
	expect_dirty(s, 0, false);
	story_migrate_back(s);
	expect_dirty(s, 0, false);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(tracking, soft_dirty_written,
	 "a write on the device makes the page soft-dirty, and it stays so after migration back "
	 "and to the device again")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	story_make_writable(s);
	clear_soft_dirty();
	set_rule(RULE_MARKS_TRAVEL);
	expect_dirty(s, 0, false);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
	set_rule(RULE_MARKS_TRAVEL);
	expect_dirty(s, 0, true);
	expect_dirty(s, 1, false);
	device_move_back(&s->device, s->buffer.addr, 1);
	expect_dirty(s, 0, true);
	device_move_to(&s->device, s->buffer.addr, 1);
	expect_at(s, 0, PLACE_COHERENT);
	expect_dirty(s, 0, true);
	expect_dirty(s, 1, false);
}

/* A value of the buffer's entry in /proc/self/smaps, in pages, or -ENOENT. */
static long smaps(struct story *s, const char *key)
{
	const long bytes = smaps_bytes(s->buffer.addr, key);

	return bytes < 0 ? bytes : bytes / (long)features.page_size;
}

SCENARIO(tracking, smaps_counts,
	 "smaps counts pages on the device as resident, anonymous and dirty memory of the process, "
	 "private or shared")
{
	struct story *s = &self->story;

	set_rule(RULE_COUNTED_AS_MEMORY);
	expect_result("Rss", smaps(s, "Rss"), PAGES);
	expect_result("Pss", smaps(s, "Pss"), PAGES);
	expect_result("Anonymous", smaps(s, "Anonymous"), PAGES);
	expect_result("Private_Dirty", smaps(s, "Private_Dirty"), PAGES);
	expect_result("Swap", smaps(s, "Swap"), 0);
	child_fork(&s->child);
	expect_result("Rss with a child", smaps(s, "Rss"), PAGES);
	expect_result("Shared_Dirty with a child", smaps(s, "Shared_Dirty"), PAGES);
	expect_result("Private_Dirty with a child", smaps(s, "Private_Dirty"), 0);
	child_leave(&s->child);
	expect_result("Private_Dirty without one", smaps(s, "Private_Dirty"), PAGES);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(tracking, accessed,
	 "clear_refs clears the accessed bit of a page on the device, and the next access sets it")
{
	struct story *s = &self->story;

	set_rule(RULE_COUNTED_AS_MEMORY);
	expect_result("clear_refs", write_text("/proc/self/clear_refs", "1"), 0);
	expect_result("Referenced after that", smaps(s, "Referenced"), 0);
	expect_result("a read", cpu_read(&s->buffer, 1, 1, NULL), features.page_size);
	expect_result("Referenced after a read", smaps(s, "Referenced"), 1);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
}

SCENARIO(tracking, accessed_and_migrated,
	 "a page that was accessed is still counted as such when it was migrated to memory and "
	 "to the device, and one that was not, is not")
{
	struct story *s = &self->story;

	set_rule(RULE_MARKS_TRAVEL);
	expect_result("clear_refs", write_text("/proc/self/clear_refs", "1"), 0);
	expect_result("a read", cpu_read(&s->buffer, 1, 1, NULL), features.page_size);
	story_migrate_back(s);
	expect_result("Referenced after migration to memory", smaps(s, "Referenced"), 1);
	story_migrate_to_device(s);
	expect_result("Referenced after migration to the device", smaps(s, "Referenced"), 1);
}

SCENARIO(tracking, pagemap_scan,
	 "PAGEMAP_SCAN reports a page on the device as present only, in one region with adjacent "
	 "pages of memory")
{
	struct story *s = &self->story;
	const __u64 all = PAGE_IS_FILE | PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO |
			  PAGE_IS_HUGE;
	struct page_region regions[PAGES + 1] = { 0 };
	struct pm_scan_arg scan = { .size = sizeof(scan),
				    .start = (uintptr_t)s->buffer.addr,
				    .end = (uintptr_t)s->buffer.addr + s->buffer.size,
				    .vec = (uintptr_t)regions,
				    .vec_len = PAGES + 1,
				    .category_anyof_mask = all,
				    .return_mask = all };
	long found;

	/* One page is in memory: both kinds of pages must be reported in the same way. */
	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	found = pages_scan(&scan);
	set_rule(RULE_COUNTED_AS_MEMORY);
	expect_result("regions", found, 1);
	expect_result("pages in the region",
		      (regions[0].end - regions[0].start) / features.page_size, PAGES);
	expect_result("its categories", regions[0].categories, PAGE_IS_PRESENT);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_tracking", argc, argv);
}
