/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exclusive_meets.h - fixture of the programs exclusive_meets and exclusive_moves
 *
 * A page that a device has exclusively, and everything else that happens to it.
 * Its entry is not present, but the page is mapped. Code that walks page tables
 * or finds the page by its frame has to know that: it ends the exclusive
 * access, leaves the page alone, or moves it with its bytes.
 */
#ifndef HMM_COHERENT_FIXTURE_EXCLUSIVE_MEETS_H
#define HMM_COHERENT_FIXTURE_EXCLUSIVE_MEETS_H

#include "suite/harness.h"

#include <errno.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(exclusive_meets)
{
	struct story story;
	struct device second;
	bool has_second;
	int monitor;		/* -1: none */
};

FIXTURE_VARIANT(exclusive_meets)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(exclusive_meets, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(exclusive_meets, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(exclusive_meets)
{
	self->monitor = -1;
	self->has_second = false;
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(exclusive_meets)
{
	if (self->monitor >= 0)
		close(self->monitor);
	if (self->has_second)
		device_close(&self->second);
	story_end(&self->story);
}

static inline long take(struct story *s, size_t page, size_t count)
{
	return device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, buffer_page(&s->buffer, page),
			      count);
}

static inline long is_taken(struct story *s, size_t page)
{
	return device_command(&s->device, HMM_DMIRROR_CHECK_EXCLUSIVE,
			      buffer_page(&s->buffer, page), 1);
}

/* Give the device exclusive access to page 0. */
static inline void take_first(struct story *s)
{
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access", take(s, 0, 1), 0);
	must(page_at(0, s->buffer.addr).at == PLACE_SWAPPED,
	     "the device has no exclusive access to the page");
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE", is_taken(s, 0), -EPERM);
}

/* The page is mapped again where it was, with its bytes, and can be written in place. */
static inline void expect_ended(struct story *s)
{
	expect_owner_sees(s, 0, BY_OWNER);
	expect_stays(s, 0);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE", is_taken(s, 0), 0);
	story_write(s, 0);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

/* The other pages are where they were. */
static inline void expect_others_stay(struct story *s)
{
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	expect_stays(s, 2);
}

#endif
