// SPDX-License-Identifier: GPL-2.0
/* KSM: two pages with the same bytes become one. */
#include <errno.h>
#include <sys/mman.h>

#include "explore/world.h"
#include "kernel/kernel.h"
#include "reach/cpu.h"
#include "reach/ksm.h"

/*
 * ksmd must see a page twice with the same bytes before it merges it, and begins
 * anywhere in a scan. A reference for a short time, such as that of a batch, delays
 * the merge, so pages that should merge get more scans than those that should not.
 */
#define SCANS_TO_MERGE 200
#define SCANS_WITHOUT 4
#define SCAN_S 20

/* The page beside it, in the same buffer. */
static int twin(int page)
{
	return page ^ 1;
}

/*
 * Once in a sequence, since a second time ksmd would look at all pages that were
 * advised before. The model does not say which of the two pages is kept, nor the
 * soft-dirty bits.
 */
static bool can_merge(const struct mm_model *m, const struct mm_page *page)
{
	return page->mapped && page->prot == MM_READ_WRITE && !page->file && !page->guard &&
	       !page->locked && !page->uffd && !page->tracked &&
	       (page->frame < 0 || !mm_holders(m, page->frame));
}

static bool merge_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *pages = m->process[op->who].page;

	return m->kernel.ksm && !m->merged && can_merge(m, &pages[op->first]) &&
	       can_merge(m, &pages[twin(op->first)]);
}

/* The page gets the bytes of op->first. Is it a page of memory then? */
static bool gets_bytes(struct mm_model *m, const struct op *op, int number, int content)
{
	struct mm_page *page = mm_page_of(m, op->who, number);
	const enum mm_denial denial =
		mm_access(m, op->who, number, (struct mm_access){ .write = true });

	if (denial)
		return false;
	mm_store(m, op->who, number, content);
	return page->frame >= 0 && m->frame[page->frame].at == PLACE_SYSTEM;
}

/* try_to_merge_two_pages(), write_protect_page(), replace_page(), mm/ksm.c */
static void expect_merge(struct mm_model *m, const struct op *op, struct step *step)
{
	const int pages[] = { op->first, twin(op->first) };
	const int content = mm_new_content(m);
	struct mm_frame merged = { .at = PLACE_SYSTEM, .ksm = true, .content = content };
	bool both = true;
	int i, frame;

	step->content[op->first] = content;
	for (i = 0; i < 2; i++)
		both &= gets_bytes(m, op, pages[i], content);
	m->merged = true;
	step->result = both;
	if (!both || !mm_effect(m, EFFECT_SHARE))
		return;
	frame = mm_new_frame(m, merged);
	for (i = 0; i < 2; i++) {
		struct mm_page *page = mm_page_of(m, op->who, pages[i]);

		mm_remap(m, page, frame);
		page->write = false;
		page->dirty = false;
	}
}

struct scanning {
	void *pages[2];
	bool merged;
	long end;	/* the scan after which nothing more is expected of ksmd */
};

/*
 * A page that is merged may be in a batch of ksmd's processor, which holds a reference
 * (try_to_merge_one_page(), mark_page_accessed()). The next scan drains the batches of
 * all processors when it begins (scan_get_next_rmap_item()), so wait for its end.
 */
static bool is_scanned(void *arg)
{
	struct scanning *scanning = arg;
	const long scans = ksm_scans();

	if (!scanning->merged && ksm_is_same(scanning->pages[0], scanning->pages[1])) {
		scanning->merged = true;
		scanning->end = ksm_scans() + 2;
	}
	return scans >= scanning->end;
}

static long act_merge(const struct buffer *buffer, long arg)
{
	const struct desk *desk = world.desk;
	const int page = desk->op.first;
	struct scanning scanning = { .pages = { world_page(page), world_page(twin(page)) } };
	long result;
	int i;

	(void)buffer;
	(void)arg;
	for (i = 0; i < 2; i++) {
		result = cpu_copy(scanning.pages[i], world_template(desk->step.content[page]));
		if (result < 0)
			return result;
		if (madvise(scanning.pages[i], features.page_size, MADV_MERGEABLE))
			return -errno;
	}
	scanning.end = ksm_scans() + (desk->step.result ? SCANS_TO_MERGE : SCANS_WITHOUT);
	/* It still knows pages of earlier sequences, which were at the same addresses. */
	ksm_scan_all();
	ksm_start();
	if (!wait_until(is_scanned, &scanning, SCAN_S))
		result = -ETIME;
	ksm_stop();
	return result < 0 ? result : ksm_is_same(scanning.pages[0], scanning.pages[1]);
}

static const struct op_row rows[] = {
	{ .name = "merge",
	  .what = "the process makes two pages equal, and KSM merges them: replace_page()",
	  .pages = PAGES_ONE, .names_process = true, .weight = 3, .rule = RULE_MERGED_IS_SHARED,
	  .possible = merge_possible, .expect = expect_merge, .act = act_merge },
};

const struct op_row *op_merge_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
