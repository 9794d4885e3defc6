// SPDX-License-Identifier: GPL-2.0
#include "judge/judge.h"

#include <stdio.h>

#include "report/report.h"
#include "report/result.h"

static void place_text(char *text, size_t size, enum place at, bool same)
{
	snprintf(text, size, "%s, %s page frame", place_name(at), same ? "the same" : "another");
}

static void judge_page(const struct outcome *outcome, const struct model *after, size_t i)
{
	const struct page_seen *was = &outcome->before.page[i], *is = &outcome->after.page[i];
	const struct page_model *page = &after->page[i];
	char expected[64], seen[64];
	/* Without a frame before the access, no frame is the same. */
	bool same = was->pfn == is->pfn, child_same = was->child_pfn == is->child_pfn;

	place_text(expected, sizeof(expected), page->at, page->same_frame);
	place_text(seen, sizeof(seen), is->at, same);
	expect_page(page->by[ASPECT_PLACE], is->at == page->at && same == page->same_frame, i,
		    "place", expected, seen);

	expect_page(page->by[ASPECT_PERMISSION], is->permission == page->permission, i,
		    "permission", permission_name(page->permission),
		    permission_name(is->permission));

	if (!page->exclusive_open && is->exclusive_known)
		expect_page(page->by[ASPECT_EXCLUSIVITY], is->exclusive == page->exclusive, i,
			    "exclusivity", page->exclusive ? "exclusive" : "not exclusive",
			    is->exclusive ? "exclusive" : "not exclusive");

	if (page->child != DATA_NOT_LOOKED) {
		place_text(expected, sizeof(expected), page->child_at, page->child_same_frame);
		place_text(seen, sizeof(seen), is->child_at, child_same);
		expect_page(page->by[ASPECT_CHILD_PLACE],
			    is->child_at == page->child_at && child_same == page->child_same_frame,
			    i, "place for the child", expected, seen);
		expect_page(page->by[ASPECT_CHILD_DATA], is->data[OBSERVER_CHILD] == page->child, i,
			    "bytes that the child sees", data_name(page->child),
			    data_name(is->data[OBSERVER_CHILD]));
	}
	if (page->vma_read && !page->owner_open) {
		expect_page(page->by[ASPECT_OWNER_DATA], is->data[OBSERVER_OWNER] == page->owner, i,
			    "bytes that the owner sees", data_name(page->owner),
			    data_name(is->data[OBSERVER_OWNER]));
		if (is->data[OBSERVER_DEVICE] != DATA_NOT_LOOKED)
			expect_page(page->by[ASPECT_OWNER_DATA],
				    is->data[OBSERVER_DEVICE] == page->owner, i,
				    "bytes that the device sees", data_name(page->owner),
				    data_name(is->data[OBSERVER_DEVICE]));
	}
	if (page->medium != DATA_NOT_LOOKED)
		expect_page(page->by[ASPECT_MEDIUM_DATA], is->data[OBSERVER_MEDIUM] == page->medium,
			    i, "bytes on the medium", data_name(page->medium),
			    data_name(is->data[OBSERVER_MEDIUM]));
	if (page->holder != DATA_NOT_LOOKED)
		expect_page(page->by[ASPECT_HOLDER_DATA], is->data[OBSERVER_HOLDER] == page->holder,
			    i, "bytes that the holder of the reference sees",
			       data_name(page->holder),
			    data_name(is->data[OBSERVER_HOLDER]));
	if (page->reader != DATA_NOT_LOOKED)
		expect_page(page->by[ASPECT_READER_DATA], is->data[OBSERVER_READER] == page->reader,
			    i, "bytes that were read", data_name(page->reader),
			    data_name(is->data[OBSERVER_READER]));
	if (!page->soft_dirty_open)
		expect_page(page->by[ASPECT_TRACKING], is->soft_dirty == page->soft_dirty, i,
			    "soft-dirty", page->soft_dirty ? "written" : "clean",
			    is->soft_dirty ? "written" : "clean");
	if (is->uffd_wp != page->uffd_wp && page->at != PLACE_NOWHERE)
		expect_page(RULE_NOTHING_ELSE_CHANGES, false, i, "userfaultfd protection",
			    page->uffd_wp ? "on" : "off", is->uffd_wp ? "on" : "off");
}

static void judge_result(const struct outcome *outcome, const struct cell *cell,
			 const struct model *after)
{
	char expected[64], seen[64];
	bool right;

	right = outcome->result.value == after->result ||
		(after->result_open && outcome->result.value == after->result_or);
	result_text(expected, sizeof(expected), after->result);
	result_text(seen, sizeof(seen), outcome->result.value);
	set_rule(after->result_by);
	expect_same(right, "result", expected, seen);
	/*
	 * The rest of a transfer that ends early may go through the page cache
	 * (blkdev_read_iter()).
	 */
	if (cell_medium(cell) && right && outcome->result.value > 0 &&
	    extent_row(cell->extent)->mix == MIX_NONE) {
		set_rule(RULE_DIRECT_IS_DIRECT);
		expect(!outcome->result.cached,
		       "%zu pages of the medium are in the page cache after a direct transfer",
		       outcome->result.cached);
	}
}

struct model judge(const struct cell *cell, const struct outcome *outcome)
{
	struct model after;
	size_t i;

	model_after(&after, cell);
	judge_result(outcome, cell, &after);
	for (i = 0; i < outcome->after.pages; i++)
		judge_page(outcome, &after, i);
	return after;
}
