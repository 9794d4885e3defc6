// SPDX-License-Identifier: GPL-2.0
#include "explore/watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "explore/compare.h"
#include "explore/world.h"
#include "kernel/kernel.h"
#include "report/report.h"
#include "see/page.h"

/* Pages and the one between the buffers. */
#define ENTRIES (MM_PAGES + 1)

static int entry_of(int page)
{
	return page + page / MM_BUFFER_PAGES;
}

bool compare_is_changed(const struct watching *w, int who, int page)
{
	return w->changed[who][page];
}

bool compare_is_readable(const struct mm_model *m, int who, int number)
{
	const struct mm_page *page = &m->process[who].page[number];

	return page->mapped && page->prot != MM_NONE && page->frame >= 0 &&
	       m->frame[page->frame].at != PLACE_PRIVATE;
}

void compare(struct watching *w, bool same, int who, int page, const char *what,
	     const char *expected, ...)
{
	char name[80], wanted[96], seen[96], *bar;
	va_list args;
	char both[192];

	set_rule(compare_is_changed(w, who, page) ? w->op->row->rule : RULE_NOTHING_ELSE_CHANGES);
	if (same) {
		expect(true, "%s", what);
		return;
	}
	va_start(args, expected);
	vsnprintf(both, sizeof(both), expected, args);
	va_end(args);
	/* "expected|seen" */
	bar = strchr(both, '|');
	snprintf(wanted, sizeof(wanted), "%.*s", bar ? (int)(bar - both) : 90, both);
	snprintf(seen, sizeof(seen), "%.90s", bar ? bar + 1 : "");
	snprintf(name, sizeof(name), "%s, page %d, %s", who_name(who), page, what);
	expect_same(false, name, wanted, seen);
	w->differences++;
}

static bool place_fits(const struct mm_frame *frame, enum place seen)
{
	return frame->at == PLACE_SYSTEM ? in_memory(seen) : seen == frame->at;
}

/* A page that the kernel has allocated for a mapping with MPOL_BIND. */
static void compare_node(struct watching *w, int who, int number, long node)
{
	const long seen = world_node(world_pid(who), number);

	compare(w, seen == node, who, number, "node", "%ld|%ld", node, seen);
}

/*
 * The model knows which mappings have the same frame. The first look at a new
 * frame shows its number; each other mapping must show it too, and no other
 * frame may have it.
 */
static void compare_frame(struct watching *w, int who, int number, const struct page *seen)
{
	const struct mm_page *page = &w->m->process[who].page[number];
	const int index = page->frame;
	struct mm_frame *frame = &w->m->frame[index];
	int i;

	compare(w, place_fits(frame, seen->at), who, number, "place", "%s|%s",
		place_name(frame->at), place_name(seen->at));
	if (!frame->pfn) {
		if (frame->node && in_memory(seen->at) &&
		    (w->m->kernel.walks_for_status || page->prot != MM_NONE))
			compare_node(w, who, number, frame->node - 1);
		frame->pfn = seen->pfn;
		frame->movable = seen->at == PLACE_MOVABLE;
		if (frame->at == PLACE_SYSTEM && !frame->zero)
			w->m->may[MAY_ZONE][frame->movable]++;
		for (i = 0; i < MM_FRAMES; i++)
			if (i != index && w->m->frame[i].used && w->m->frame[i].pfn == frame->pfn)
				compare(w, false, who, number, "page frame",
					"one that no other page has|0x%lx, which %s", frame->pfn,
					"is in use");
		return;
	}
	compare(w, seen->pfn == frame->pfn, who, number, "page frame", "0x%lx|0x%lx", frame->pfn,
		seen->pfn);
}

static const char *on_or_off(bool on)
{
	return on ? "on" : "off";
}

static void leave_out(struct mm_model *m, struct mm_page *page)
{
	const int frame = page->frame;

	page->frame = -1;
	page->soft = false;
	mm_put(m, frame);
}

static void compare_page(struct watching *w, int who, int number, const struct page *seen)
{
	struct mm_page *page = &w->m->process[who].page[number];
	bool soft;

	if (page->unsure) {
		w->m->may[MAY_NO_TABLE][seen->at == PLACE_NOWHERE]++;
		page->unsure = false;
		if (seen->at == PLACE_NOWHERE)
			leave_out(w->m, page);
	}
	/* pagemap also shows the flag VM_SOFTDIRTY of the VMA. */
	soft = page->mapped &&
	       (!page->tracked || ((page->frame >= 0 || page->guard) && page->soft));
	if (w->m->kernel.soft_dirty)
		compare(w, seen->soft_dirty == soft, who, number, "soft-dirty bit", "%s|%s",
			on_or_off(soft), on_or_off(seen->soft_dirty));
	if (page->guard) {
		compare(w, !seen->present && seen->at == PLACE_SWAPPED, who, number, "mapping",
			"a guard|%s, page frame 0x%lx", place_name(seen->at), seen->pfn);
		return;
	}
	if (page->frame < 0) {
		compare(w, seen->at == PLACE_NOWHERE, who, number, "mapping",
			"none|%s, page frame 0x%lx", place_name(seen->at), seen->pfn);
		return;
	}
	compare_frame(w, who, number, seen);
	if (w->m->frame[page->frame].at != PLACE_PRIVATE && !w->m->frame[page->frame].zero)
		compare(w, seen->single == (w->mappings[page->frame] == 1), who, number,
			"mapped exactly once", "%s|%s",
			w->mappings[page->frame] == 1 ? "yes" : "no",
			seen->single ? "yes" : "no");
	compare(w, seen->uffd_wp == page->uffd_wp, who, number, "userfaultfd protection", "%s|%s",
		on_or_off(page->uffd_wp), on_or_off(seen->uffd_wp));
}

static void compare_mappings(struct watching *w)
{
	struct page seen[ENTRIES];
	int who, i;

	for (who = MM_OWNER; who < MM_PROCESSES; who++) {
		if (!w->m->process[who].alive)
			continue;
		pages_look_through(world.pagemap[who], world.base, ENTRIES, seen);
		for (i = 0; i < MM_PAGES; i++)
			compare_page(w, who, i, &seen[entry_of(i)]);
	}
}

static enum permission expected_permission(const struct mm_model *m, const struct mm_page *page)
{
	if (!page->mapped || page->prot == MM_NONE || page->frame < 0)
		return PERM_NONE;
	/* The coherent device's snapshot does not show a page of a private device. */
	if (m->frame[page->frame].at == PLACE_PRIVATE)
		return PERM_NONE;
	return page->write ? PERM_RW : PERM_RO;
}

static void compare_permissions(struct watching *w)
{
	struct snapshot seen[ENTRIES];
	int i;

	device_snapshots(&world.device[PLACE_COHERENT], world.base, ENTRIES, seen);
	for (i = 0; i < MM_PAGES; i++) {
		const struct mm_page *page = &w->m->process[MM_OWNER].page[i];
		const enum permission expected = expected_permission(w->m, page);
		const struct snapshot *one = &seen[entry_of(i)];
		const enum place at = page->frame < 0 ? PLACE_NOWHERE : w->m->frame[page->frame].at;

		compare(w, one->permission == expected, MM_OWNER, i, "permission", "%s|%s",
			permission_name(expected), permission_name(one->permission));
		if (expected != PERM_NONE && one->permission == expected)
			compare(w, one->at == at, MM_OWNER, i, "place for the device", "%s|%s",
				place_name(at), place_name(one->at));
	}
}

static void note_changes(struct watching *w)
{
	int who, i;

	for (who = MM_OWNER; who < MM_PROCESSES; who++) {
		for (i = 0; i < MM_PAGES; i++) {
			const int frame = w->m->process[who].page[i].frame;

			w->changed[who][i] = mm_differs(w->before, w->m, who, i);
			if (frame >= 0)
				w->mappings[frame]++;
		}
	}
}

/* The bytes and counts of pages only where the mappings are as expected. */
static const struct {
	void (*compare)(struct watching *w);
	bool only_if_same;
} parts[WATCH_COUNT] = {
	[WATCH_TRANSFERRED] = { compare_transferred, false },
	[WATCH_MAPPINGS] = { compare_mappings, false },
	[WATCH_PERMISSIONS] = { compare_permissions, false },
	[WATCH_BYTES] = { compare_bytes, true },
	[WATCH_FRAMES] = { compare_frames, true },
	[WATCH_DUMPS] = { compare_dumps, true },
	[WATCH_COUNTERS] = { compare_counters, true },
};

int watch(struct mm_model *m, const struct mm_model *before, const struct op *op, bool thorough,
	  double seconds[WATCH_COUNT])
{
	struct watching w = { .m = m, .before = before, .op = op, .thorough = thorough };
	double began = now_s(), ended;
	int i;

	note_changes(&w);
	for (i = 0; i < WATCH_COUNT; i++) {
		if (!parts[i].only_if_same || !w.differences)
			parts[i].compare(&w);
		ended = now_s();
		if (seconds)
			seconds[i] += ended - began;
		began = ended;
	}
	return w.differences;
}
