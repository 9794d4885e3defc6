// SPDX-License-Identifier: GPL-2.0
#include "explore/watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explore/world.h"
#include "kernel/kernel.h"
#include "reach/cpu.h"
#include "report/report.h"
#include "see/dump.h"
#include "see/page.h"
#include "see/pin.h"

/* Pages and the one between the buffers. */
#define ENTRIES (MM_PAGES + 1)

/* The comparison that runs. */
struct watching {
	struct mm_model *m;
	const struct mm_model *before;
	const struct op *op;
	int differences;
};

static int entry_of(int page)
{
	return page + page / MM_BUFFER_PAGES;
}

/* Did the operation change what @who maps at @page? */
static bool is_changed(const struct watching *w, int who, int page)
{
	const struct mm_page *was = &w->before->process[who].page[page];
	const struct mm_page *is = &w->m->process[who].page[page];

	if (memcmp(was, is, sizeof(*was)))
		return true;
	return is->frame >= 0 && memcmp(&w->before->frame[is->frame], &w->m->frame[is->frame],
					sizeof(w->m->frame[0]));
}

static void __printf(6, 7) compare(struct watching *w, bool same, int who, int page,
				   const char *what, const char *expected, ...)
{
	char name[80], wanted[96], seen[96], *bar;
	va_list args;
	char both[192];

	set_rule(is_changed(w, who, page) ? w->op->row->rule : RULE_NOTHING_ELSE_CHANGES);
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

/*
 * The model knows which mappings have the same frame. The first look at a new
 * frame shows its number; each other mapping must show it too, and no other
 * frame may have it.
 */
static void compare_frame(struct watching *w, int who, int number, const struct page *seen)
{
	const int index = w->m->process[who].page[number].frame;
	struct mm_frame *frame = &w->m->frame[index];
	int i;

	compare(w, place_fits(frame, seen->at), who, number, "place", "%s|%s",
		place_name(frame->at), place_name(seen->at));
	if (!frame->pfn) {
		frame->pfn = seen->pfn;
		frame->movable = seen->at == PLACE_MOVABLE;
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

static void compare_page(struct watching *w, int who, int number, const struct page *seen)
{
	const struct mm_page *page = &w->m->process[who].page[number];
	const bool present = page->frame >= 0 && w->m->frame[page->frame].at != PLACE_PRIVATE;

	if (page->frame < 0) {
		compare(w, !seen->present && seen->at != PLACE_PRIVATE, who, number, "mapping",
			"none|%s, page frame 0x%lx", place_name(seen->at), seen->pfn);
		return;
	}
	compare_frame(w, who, number, seen);
	if (present && !w->m->frame[page->frame].zero)
		compare(w, seen->single == (mm_mappings(w->m, page->frame) == 1), who, number,
			"mapped exactly once", "%s|%s",
			mm_mappings(w->m, page->frame) == 1 ? "yes" : "no",
			seen->single ? "yes" : "no");
	compare(w, seen->uffd_wp == page->uffd_wp, who, number, "userfaultfd protection", "%s|%s",
		page->uffd_wp ? "on" : "off", seen->uffd_wp ? "on" : "off");
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

	device_snapshots(&world.device[PLACE_COHERENT], world.base,
			 entry_of(w->m->buffers * MM_BUFFER_PAGES - 1) + 1, seen);
	for (i = 0; i < w->m->buffers * MM_BUFFER_PAGES; i++) {
		const struct mm_page *page = &w->m->process[MM_OWNER].page[i];
		const enum permission expected = expected_permission(w->m, page);

		compare(w, seen[entry_of(i)].permission == expected, MM_OWNER, i, "permission",
			"%s|%s", permission_name(expected),
			permission_name(seen[entry_of(i)].permission));
	}
}

/* Can the CPU of @who read the page without a fault? */
static bool is_readable(const struct mm_model *m, int who, int number)
{
	const struct mm_page *page = &m->process[who].page[number];

	return page->mapped && page->prot != MM_NONE && page->frame >= 0 &&
	       m->frame[page->frame].at != PLACE_PRIVATE;
}

/* The first word in which two pages differ; features.page_size / 8 if they do not. */
static size_t first_difference(const void *left, const void *right)
{
	const uint64_t *one = left, *other = right;
	size_t i = 0;

	if (!memcmp(left, right, features.page_size))
		return features.page_size / sizeof(*one);
	while (one[i] == other[i])
		i++;
	return i;
}

/* Compare the pages in desk->look by the CPU. Returns 0, or KILLED_BY(). */
static long act_compare(const struct buffer *buffer, long arg)
{
	struct desk *desk = world.desk;
	void *scratch = request_scratch();
	long result;
	size_t word;
	int i;

	(void)buffer;
	(void)arg;
	for (i = 0; i < MM_PAGES; i++) {
		const void *expected = world_template(desk->content[i]);

		if (!(desk->look & BIT(i)))
			continue;
		result = cpu_copy(scratch, world_page(i));
		if (result < 0)
			return result;
		word = first_difference(expected, scratch);
		if (word == features.page_size / sizeof(uint64_t)) {
			desk->look &= ~BIT(i);
			continue;
		}
		desk->differs[i].word = word;
		desk->differs[i].expected = ((const uint64_t *)expected)[word];
		desk->differs[i].seen = ((uint64_t *)scratch)[word];
	}
	return 0;
}

static void compare_bytes_of(struct watching *w, int who)
{
	struct desk *desk = world.desk;
	unsigned int looked = 0;
	long result;
	int i;

	for (i = 0; i < MM_PAGES; i++) {
		if (!is_readable(w->m, who, i))
			continue;
		looked |= BIT(i);
		desk->content[i] = mm_content(w->m, who, i);
	}
	desk->look = looked;
	result = looked ? world_do(who, act_compare, 0) : 0;
	for (i = 0; i < MM_PAGES; i++) {
		if (!(looked & BIT(i)))
			continue;
		if (result < 0)
			compare(w, false, who, i, "bytes", "readable|a fault with signal %ld",
				SIGNAL_OF(result));
		else
			compare(w, !(desk->look & BIT(i)), who, i, "bytes",
				"word %zu is 0x%llx|0x%llx", desk->differs[i].word,
				(unsigned long long)desk->differs[i].expected,
				(unsigned long long)desk->differs[i].seen);
	}
}

/* What an operation read: act_read() and others have compared it. */
static void compare_what_was_read(struct watching *w)
{
	struct desk *desk = world.desk;
	const int page = w->op->first;

	if (!desk->step.reads)
		return;
	set_rule(RULE_BYTES_ARRIVE);
	if (expect(!(desk->look & BIT(page)),
		   "the operation read 0x%llx in word %zu of page %d, not 0x%llx",
		   (unsigned long long)desk->differs[page].seen, desk->differs[page].word, page,
		   (unsigned long long)desk->differs[page].expected))
		return;
	w->differences++;
}

static void compare_holder(struct watching *w, enum mm_holder holder, const void *seen)
{
	const struct mm_hold *hold = &w->m->hold[holder];
	const void *expected = world_template(w->m->frame[hold->frame].content);
	const size_t word = first_difference(expected, seen);
	const bool same = word == features.page_size / sizeof(uint64_t);

	compare(w, same, MM_OWNER, hold->page,
		holder == HOLD_PIN ? "bytes that the holder of the pin sees" :
				     "bytes that the pipe holds",
		"word %zu is 0x%llx|0x%llx", word,
		same ? 0ULL : ((const unsigned long long *)expected)[word],
		same ? 0ULL : ((const unsigned long long *)seen)[word]);
}

/* Look into a pipe through a copy of it: tee(2) takes a second reference for a moment. */
static void compare_held(struct watching *w)
{
	int i;

	for (i = HOLD_PIPE; i <= HOLD_PIPE_2; i++) {
		if (!w->m->hold[i].used)
			continue;
		if (tee(world.held_pipe[i][0], world.tee[1], features.page_size, 0) !=
			    (ssize_t)features.page_size ||
		    read(world.tee[0], world.scratch, features.page_size) !=
			    (ssize_t)features.page_size)
			broken("the pipe cannot be looked into");
		compare_holder(w, i, world.scratch);
	}
	if (!w->m->hold[HOLD_PIN].used)
		return;
	if (pin_read(world.held_pin, world.scratch))
		broken("the pinned page cannot be read");
	compare_holder(w, HOLD_PIN, world.scratch);
}

/* What the medium has at the page that the operation transferred. */
static void compare_medium(struct watching *w)
{
	const int page = w->op->row->pages == PAGES_NONE ? 0 : w->op->first;
	size_t word;

	if (!w->op->row->uses_medium || w->m->medium[page] < 0)
		return;
	if (pread(world.medium.fd, world.scratch, features.page_size, page * features.page_size) !=
	    (ssize_t)features.page_size)
		broken("the medium cannot be read");
	word = first_difference(world_template(w->m->medium[page]), world.scratch);
	set_rule(RULE_BYTES_ARRIVE);
	if (!expect(word == features.page_size / sizeof(uint64_t),
		    "page %d of the medium differs from the expected bytes in word %zu", page,
		    word))
		w->differences++;
}

/*
 * The kernel's own counts. A page of memory may be in a batch of this processor
 * again, because the dump touched it.
 */
static void compare_dump(struct watching *w, int number)
{
	const struct mm_frame *frame = &w->m->frame[w->m->process[MM_OWNER].page[number].frame];
	const int mappings = mm_mappings(w->m, w->m->process[MM_OWNER].page[number].frame);
	const int references = mappings + frame->gets + 1024 * frame->pins;
	struct page_dump dump;
	bool in_batch;

	world_drain();
	dump = page_dump_checked(world_page(number));
	if (!dump.valid)
		return;
	compare(w, dump.exclusive == frame->exclusive, MM_OWNER, number, "exclusivity", "%s|%s",
		frame->exclusive ? "exclusive" : "not exclusive",
		dump.exclusive ? "exclusive" : "not exclusive");
	compare(w, dump.mapcount == mappings, MM_OWNER, number, "mapping count", "%d|%d", mappings,
		dump.mapcount);
	in_batch = frame->at == PLACE_SYSTEM && dump.refcount == references + 1;
	compare(w, dump.refcount == references || in_batch, MM_OWNER, number,
		"reference count", "%d|%d", references, dump.refcount);
}

/*
 * Which pages to dump: it takes longer than all else. A page that is mapped
 * writable is exclusive; other ones where the operation may have changed that.
 */
static bool is_worth_a_dump(const struct watching *w, int number)
{
	const struct mm_page *page = &w->m->process[MM_OWNER].page[number];
	const struct mm_page *was = &w->before->process[MM_OWNER].page[number];

	return is_changed(w, MM_OWNER, number) &&
	       (!page->write || !was->write || w->m->frame[page->frame].exclusive !=
						       w->before->frame[page->frame].exclusive);
}

static void compare_dumps(struct watching *w, bool thorough)
{
	int i;

	for (i = 0; i < MM_PAGES && w->m->kernel.gup_test; i++) {
		const struct mm_page *page = &w->m->process[MM_OWNER].page[i];

		/* A dump would fault in what cannot be read without a fault. */
		if (!is_readable(w->m, MM_OWNER, i) || w->m->frame[page->frame].zero)
			continue;
		if (thorough || is_worth_a_dump(w, i))
			compare_dump(w, i);
	}
}

int watch(struct mm_model *m, const struct mm_model *before, const struct op *op, bool thorough)
{
	struct watching w = { .m = m, .before = before, .op = op };
	int who;

	compare_what_was_read(&w);
	compare_mappings(&w);
	compare_permissions(&w);
	/* The bytes of other pages only where the mappings are as expected. */
	for (who = MM_OWNER; who < MM_PROCESSES && !w.differences; who++)
		if (m->process[who].alive)
			compare_bytes_of(&w, who);
	if (!w.differences) {
		compare_held(&w);
		compare_medium(&w);
		compare_dumps(&w, thorough);
	}
	return w.differences;
}
