// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page with MADV_FREE that reclaim cannot free, because a reference to
 * it is held
 *
 * Reclaim takes all entries of the page out of the page table, sees that it has
 * to keep the page, and puts them back. A child shares some of its pages: their
 * entries must come back read-only, and the others writable.
 */
#include "suite/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/counters.h"
#include "story/huge.h"

#define LOOK 16		/* pages of the range that are looked at */
#define HELD 20		/* a page to which a reference is held */

FIXTURE(freed_huge)
{
	struct huge huge;
	unsigned long frames[LOOK];
};

FIXTURE_VARIANT(freed_huge)
{
	/* The child shares page i if bit i is set. */
	unsigned int shared;
};

FIXTURE_VARIANT_ADD(freed_huge, first_shared) { .shared = 0x00ff };
FIXTURE_VARIANT_ADD(freed_huge, last_shared) { .shared = 0xff00 };
FIXTURE_VARIANT_ADD(freed_huge, alternating) { .shared = 0x5555 };

WHY_NOT(freed_huge)
{
	return !strcmp(test, "freed_in_part") && variant->shared != 0x00ff ?
		       "no child shares the pages" :
		       NULL;
}

FIXTURE_SETUP(freed_huge)
{
	huge_begin(&self->huge, false);
}

FIXTURE_TEARDOWN(freed_huge)
{
	huge_end(&self->huge);
}

static bool is_shared(const FIXTURE_VARIANT(freed_huge) (*variant), size_t page)
{
	return variant->shared >> page & 1;
}

/* fork() does not copy mappings with MADV_DONTFORK: their pages stay exclusive. */
static void share(FIXTURE_DATA(freed_huge) (*self), const FIXTURE_VARIANT(freed_huge) (*variant))
{
	struct huge *h = &self->huge;
	size_t i;

	for (i = 0; i < LOOK; i++)
		if (!is_shared(variant, i))
			advise_memory(page_in(h->addr, i), features.page_size, MADV_DONTFORK);
	child_fork(&h->story.child);
	for (i = 0; i < LOOK; i++)
		if (!is_shared(variant, i))
			advise_memory(page_in(h->addr, i), features.page_size, MADV_DOFORK);
	for (i = 0; i < LOOK; i++)
		self->frames[i] = page_at(0, page_in(h->addr, i)).pfn;
}

/* EAGAIN is expected: the cgroup has nothing else. */
static void reclaim_all(const char *path)
{
	int error, i;

	for (i = 0; i < 3; i++) {
		error = write_text(path, "4M");
		if (error && error != -EAGAIN)
			syscall_failed("memory.reclaim", -error);
	}
}

SCENARIO(freed_huge, kept_by_a_reference,
	 "after reclaim has tried to free the huge page, its shared pages are copied by a write "
	 "and the others are written in place; the child sees the old bytes")
{
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	struct buffer its = { .addr = h->addr, .pages = LOOK, .size = LOOK * features.page_size,
			      .serial = s->buffer.serial };
	size_t i, lost = 0, reused = 0, leaked = 0;
	struct cgroup group;
	char reclaim[256];

	cgroup_make(&group);
	cgroup_file(&group, "memory.reclaim", reclaim, sizeof(reclaim));
	need(!access(reclaim, W_OK), SKIP_NO_MEMORY_RECLAIM);
	cgroup_enter(&group);
	huge_fill(h, h->addr, true);
	advise_memory(h->addr, h->size, MADV_FREE);
	share(self, variant);
	story_hold_at(s, page_in(h->addr, HELD));
	drain_lru_batches();
	reclaim_all(reclaim);
	cgroup_leave(&group);
	for (i = 0; i < LOOK; i++) {
		lost += read_page(page_in(h->addr, i), its.serial, i, BY_OWNER, BY_OTHER) !=
			DATA_OLD;
		write_page(page_in(h->addr, i), its.serial, i, BY_OWNER_AGAIN);
		if (!is_shared(variant, i))
			continue;
		reused += page_at(0, page_in(h->addr, i)).pfn == self->frames[i];
		leaked += child_look(&s->child, &its, i, BY_OWNER, BY_OWNER_AGAIN) != DATA_OLD;
	}
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_result("pages that were freed although a reference is held", lost, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("shared pages that were written in place", reused, 0);
	set_rule(RULE_NO_LEAK);
	expect_result("pages in which the child does not see the old bytes", leaked, 0);
}

/* The pages are mapped by small entries, after a part of the mapping was another one. */
SCENARIO(freed_huge, freed_in_part,
	 "MADV_FREE of some pages of a huge page that small entries map frees these, and no other")
{
	struct huge *h = &self->huge;
	const size_t part = LOOK * features.page_size;
	size_t i;

	huge_fill(h, h->addr, true);
	advise_memory(h->addr, part, MADV_DONTFORK);
	advise_memory(h->addr, part, MADV_DOFORK);
	drain_lru_batches();
	set_rule(RULE_REPORTED_BY_STATE);
	expect_byte_count("LazyFree of smaps before", smaps_bytes(h->addr, "LazyFree"), 0);
	advise_memory(h->addr, part, MADV_FREE);
	drain_lru_batches();
	expect_byte_count("LazyFree of smaps", smaps_bytes(h->addr, "LazyFree"), part);
	for (i = 0; i < LOOK; i++)
		write_page(page_in(h->addr, i), h->story.buffer.serial, i, BY_OWNER);
	expect_byte_count("LazyFree after the pages were written",
			  smaps_bytes(h->addr, "LazyFree"), 0);
	expect_result("pages that have lost their bytes", huge_lost(h), 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_freed_huge", argc, argv);
}
