/* SPDX-License-Identifier: GPL-2.0 */
/* mixed_huge.h - a huge page of which a child shares some pages, and others not */
#ifndef HMM_COHERENT_MIXED_HUGE_H
#define HMM_COHERENT_MIXED_HUGE_H

#include "kernel/memory.h"
#include "story/huge.h"

/* The pages of the range that are looked at; the child shares some of them. */
#define LOOK 16

/* The child shares page i if bit i is set. */
#define FIRST_SHARED 0x00ff
#define LAST_SHARED 0xff00
#define ALTERNATING 0x5555

struct mixture {
	struct huge huge;
	unsigned int shared;
	unsigned long frames[LOOK];
};

static inline bool is_shared(const struct mixture *mixture, size_t page)
{
	return mixture->shared >> page & 1;
}

/* The pages that are looked at, as the child has them. */
static inline struct buffer looked_at(const struct mixture *mixture)
{
	const struct huge *h = &mixture->huge;

	return (struct buffer){ .addr = h->addr, .pages = LOOK, .size = LOOK * features.page_size,
				.serial = h->story.buffer.serial };
}

static inline void note_frames(struct mixture *mixture)
{
	size_t i;

	for (i = 0; i < LOOK; i++)
		mixture->frames[i] = page_at(0, page_in(mixture->huge.addr, i)).pfn;
}

/*
 * Share pages of the huge page, which has been filled, with a child. fork() does
 * not copy a mapping with MADV_DONTFORK, so that the pages in it stay exclusive,
 * in the same huge page as those that the child gets.
 */
static inline void share(struct mixture *mixture)
{
	struct huge *h = &mixture->huge;
	size_t i;

	/* Otherwise khugepaged may move all pages to another huge page. */
	advise_memory(h->addr, h->size, MADV_NOHUGEPAGE);
	for (i = 0; i < LOOK; i++)
		if (!is_shared(mixture, i))
			advise_memory(page_in(h->addr, i), features.page_size, MADV_DONTFORK);
	child_fork(&h->story.child);
	for (i = 0; i < LOOK; i++)
		if (!is_shared(mixture, i))
			advise_memory(page_in(h->addr, i), features.page_size, MADV_DOFORK);
	note_frames(mixture);
}

/*
 * The parent writes all pages, which are at @at: those that it shares are copied,
 * the others are written in place, and the child still sees the old bytes.
 */
static inline void expect_written(struct mixture *mixture, unsigned char *at)
{
	struct child *child = &mixture->huge.story.child;
	const struct buffer its = looked_at(mixture);
	size_t i, copied = 0, reused = 0, leaked = 0, lost = 0;

	for (i = 0; i < LOOK; i++) {
		lost += read_page(page_in(at, i), its.serial, i, BY_OWNER, BY_OTHER) != DATA_OLD;
		write_page(page_in(at, i), its.serial, i, BY_OWNER_AGAIN);
		if (is_shared(mixture, i)) {
			reused += page_at(0, page_in(at, i)).pfn == mixture->frames[i];
			leaked += child_look(child, &its, i, BY_OWNER, BY_OWNER_AGAIN) != DATA_OLD;
		} else {
			copied += page_at(0, page_in(at, i)).pfn != mixture->frames[i];
		}
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("pages with other bytes before the writes", lost, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("shared pages that were written in place", reused, 0);
	set_rule(RULE_NO_LEAK);
	expect_result("pages in which the child does not see the old bytes", leaked, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_result("exclusive pages that were copied", copied, 0);
}

#endif
