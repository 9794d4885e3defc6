// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes of pages, as each process, each holder and the medium see them.
 *
 * After an operation all bytes of the pages that it changed are compared, in
 * each process that maps them. Of the owner's other pages some words are
 * compared: each word of a page identifies its contents, so a wrong page shows
 * in any of them. After the last operation everything is compared.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explore/compare.h"
#include "kernel/kernel.h"
#include "reach/cpu.h"
#include "report/report.h"
#include "see/pin.h"

/* The first word in which two pages differ; features.page_size / 8 if they do not. */
static size_t first_difference(const void *left, const void *right)
{
	const uint64_t *one = left, *other = right;
	const size_t words = features.page_size / sizeof(*one);
	size_t i = 0;

	if (!memcmp(left, right, features.page_size))
		return words;
	/* A page that other processes write, too, may be the same again. */
	while (i < words - 1 && one[i] == other[i])
		i++;
	return i;
}

/* The first word of some that differs. */
static size_t some_difference(const void *left, const void *right, int salt)
{
	const uint64_t *one = left, *other = right;
	const size_t words = features.page_size / sizeof(*one);
	const size_t some[] = { 0, (size_t)salt * 37 % words, words - 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(some); i++)
		if (one[some[i]] != other[some[i]])
			return some[i];
	return words;
}

/* Compare the pages in desk->look by the CPU; those that are as expected leave it. */
static void look_at_pages(void *arg)
{
	struct desk *desk = world.desk;
	const size_t words = features.page_size / sizeof(uint64_t);
	int i;

	(void)arg;
	for (i = 0; i < MM_PAGES; i++) {
		const uint64_t *expected = (uint64_t *)world_template(desk->content[i]);
		const uint64_t *seen = (uint64_t *)world_page(i);
		size_t word;

		if (!(desk->look & BIT(i)))
			continue;
		word = desk->whole & BIT(i) ? first_difference(expected, seen) :
					      some_difference(expected, seen, desk->content[i] + i);
		if (word == words) {
			desk->look &= ~BIT(i);
			continue;
		}
		desk->differs[i].word = word;
		desk->differs[i].expected = expected[word];
		desk->differs[i].seen = seen[word];
	}
}

/* Returns 0, or KILLED_BY(). */
static long act_compare(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return cpu_guarded(look_at_pages, NULL);
}

static void compare_bytes_of(struct watching *w, int who)
{
	struct desk *desk = world.desk;
	unsigned int looked = 0;
	long result;
	int i;

	desk->whole = 0;
	for (i = 0; i < MM_PAGES; i++) {
		if (!compare_is_readable(w->m, who, i))
			continue;
		looked |= BIT(i);
		if (w->thorough || compare_is_changed(w, who, i))
			desk->whole |= BIT(i);
		desk->content[i] = mm_content(w->m, who, i);
	}
	/* To ask another process takes longer than all else. */
	if (!looked || (who != MM_OWNER && !desk->whole))
		return;
	desk->look = looked;
	result = world_do(who, act_compare, 0);
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

/* What an operation read: world_compared() has compared it. */
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

/* Did the operation change the frame of a holder, or is it the last one? */
static bool is_due(const struct watching *w, enum mm_holder holder)
{
	const int frame = w->m->hold[holder].frame;

	return w->m->hold[holder].used &&
	       (w->thorough || !w->before->hold[holder].used ||
		memcmp(&w->m->frame[frame], &w->before->frame[frame], sizeof(w->m->frame[0])));
}

/* Look into a pipe through a copy of it: tee(2) takes a second reference for a moment. */
static void compare_held(struct watching *w)
{
	int i;

	for (i = HOLD_PIPE; i <= HOLD_PIPE_2; i++) {
		if (!is_due(w, i))
			continue;
		if (tee(world.held_pipe[i][0], world.tee[1], features.page_size, 0) !=
			    (ssize_t)features.page_size ||
		    read(world.tee[0], world.scratch, features.page_size) !=
			    (ssize_t)features.page_size)
			not_prepared("the pipe cannot be looked into");
		compare_holder(w, i, world.scratch);
	}
	if (!is_due(w, HOLD_PIN))
		return;
	if (pin_read(world.held_pin, world.scratch))
		not_prepared("the pinned page cannot be read");
	compare_holder(w, HOLD_PIN, world.scratch);
}

/* What the medium has at the page that the operation transferred. */
static void compare_medium(struct watching *w)
{
	const int page = op_medium_page(w->op);
	size_t word;

	if (!w->op->row->uses_medium || w->m->medium[page] < 0)
		return;
	if (pread(world.medium.fd, world.scratch, features.page_size, page * features.page_size) !=
	    (ssize_t)features.page_size)
		not_prepared("the medium cannot be read");
	word = first_difference(world_template(w->m->medium[page]), world.scratch);
	set_rule(RULE_BYTES_ARRIVE);
	if (!expect(word == features.page_size / sizeof(uint64_t),
		    "page %d of the medium differs from the expected bytes in word %zu", page,
		    word))
		w->differences++;
}

void compare_transferred(struct watching *w)
{
	compare_what_was_read(w);
	compare_medium(w);
}

void compare_bytes(struct watching *w)
{
	int who;

	for (who = MM_OWNER; who < MM_PROCESSES && !w->differences; who++)
		if (w->m->process[who].alive)
			compare_bytes_of(w, who);
	if (!w->differences)
		compare_held(w);
}
