// SPDX-License-Identifier: GPL-2.0
#include "judge/judge.h"

#include <stdio.h>

#include "report/report.h"
#include "report/result.h"

static void place_text(char *text, size_t size, enum place at, bool same)
{
	snprintf(text, size, "%s, %s page frame", place_name(at), same ? "the same" : "another");
}

static void judge_place(enum rule_id rule, size_t i, const char *what, enum place expected_at,
			bool expected_same, enum place at, bool same)
{
	char expected[64], seen[64];

	set_rule(rule);
	if (expect_passes(at == expected_at && same == expected_same))
		return;
	place_text(expected, sizeof(expected), expected_at, expected_same);
	place_text(seen, sizeof(seen), at, same);
	expect_page(rule, false, i, what, expected, seen);
}

/* The state of page @i, by pagemap, the driver's snapshot and the kernel's dump. */
static void judge_state(const struct outcome *outcome, const struct page_model *page, size_t i)
{
	const struct page_seen *was = &outcome->before.page[i], *is = &outcome->after.page[i];

	/* Without a frame before the access, no frame is the same. */
	judge_place(page->by[ASPECT_PLACE], i, "place", page->at, page->same_frame, is->at,
		    was->pfn == is->pfn);
	expect_page(page->by[ASPECT_PERMISSION], is->permission == page->permission, i,
		    "permission", permission_name(page->permission),
		    permission_name(is->permission));
	if (!page->exclusive_open && is->exclusive_known)
		expect_page(page->by[ASPECT_EXCLUSIVITY], is->exclusive == page->exclusive, i,
			    "exclusivity", page->exclusive ? "exclusive" : "not exclusive",
			    is->exclusive ? "exclusive" : "not exclusive");
	if (!page->soft_dirty_open)
		expect_page(page->by[ASPECT_TRACKING], is->soft_dirty == page->soft_dirty, i,
			    "soft-dirty", page->soft_dirty ? "written" : "clean",
			    is->soft_dirty ? "written" : "clean");
	if (page->at != PLACE_NOWHERE)
		expect_page(RULE_NOTHING_ELSE_CHANGES, is->uffd_wp == page->uffd_wp, i,
			    "userfaultfd protection", page->uffd_wp ? "on" : "off",
			    is->uffd_wp ? "on" : "off");
}

static void judge_child(const struct outcome *outcome, const struct page_model *page, size_t i)
{
	const struct page_seen *was = &outcome->before.page[i], *is = &outcome->after.page[i];

	if (page->child != DATA_NOT_LOOKED)
		judge_place(page->by[ASPECT_CHILD_PLACE], i, "place for the child", page->child_at,
			    page->child_same_frame, is->child_at,
			    was->child_pfn == is->child_pfn);
}

/*
 * The bytes of page @i, for each observer that the model has. The device must
 * see what the owner sees, unless it cannot look (look_at_all()).
 */
static void judge_bytes(const struct outcome *outcome, const struct page_model *page, size_t i)
{
	const enum data *seen = outcome->after.page[i].data;
	const enum data owner = page->vma_read ? page->owner : DATA_NOT_LOOKED;
	const bool device_looked = seen[OBSERVER_DEVICE] != DATA_NOT_LOOKED;
	const enum data device = device_looked ? owner : DATA_NOT_LOOKED;
	const struct {
		enum observer observer;
		enum aspect aspect;
		const char *what;
		enum data expected;
		bool old_or_new;
	} rows[] = {
		{ OBSERVER_OWNER, ASPECT_OWNER_DATA, "bytes that the owner sees", owner,
		  page->owner_open },
		{ OBSERVER_DEVICE, ASPECT_OWNER_DATA, "bytes that the device sees", device,
		  page->owner_open },
		{ OBSERVER_CHILD, ASPECT_CHILD_DATA, "bytes that the child sees", page->child,
		  false },
		{ OBSERVER_MEDIUM, ASPECT_MEDIUM_DATA, "bytes on the medium", page->medium, false },
		{ OBSERVER_HOLDER, ASPECT_HOLDER_DATA,
		  "bytes that the holder of the reference sees", page->holder, false },
		{ OBSERVER_READER, ASPECT_READER_DATA, "bytes that were read", page->reader,
		  false },
	};
	size_t r;

	for (r = 0; r < ARRAY_SIZE(rows); r++) {
		const enum data is = seen[rows[r].observer];
		const bool ok = is == rows[r].expected ||
				(rows[r].old_or_new && (is == DATA_OLD || is == DATA_NEW));

		if (rows[r].expected != DATA_NOT_LOOKED)
			expect_page(page->by[rows[r].aspect], ok, i, rows[r].what,
				    rows[r].old_or_new ? "old or new" : data_name(rows[r].expected),
				    data_name(is));
	}
}

static void judge_result(const struct outcome *outcome, const struct cell *cell,
			 const struct model *after)
{
	char expected[64] = "", seen[64] = "";
	bool right;

	right = outcome->result.value == after->result ||
		(after->result_open && outcome->result.value == after->result_or);
	if (!right) {
		result_text(expected, sizeof(expected), after->result);
		result_text(seen, sizeof(seen), outcome->result.value);
	}
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
	for (i = 0; i < outcome->after.pages; i++) {
		judge_state(outcome, &after.page[i], i);
		judge_child(outcome, &after.page[i], i);
		judge_bytes(outcome, &after.page[i], i);
	}
	return after;
}
