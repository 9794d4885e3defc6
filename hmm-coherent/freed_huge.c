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

#include <string.h>
#include <sys/mman.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/counters.h"

#include "mixed_huge.h"

#define HELD 20		/* a page to which a reference is held */

FIXTURE(freed_huge)
{
	struct mixture mixture;
};

FIXTURE_VARIANT(freed_huge)
{
	unsigned int shared;
};

FIXTURE_VARIANT_ADD(freed_huge, first_shared) { .shared = FIRST_SHARED };
FIXTURE_VARIANT_ADD(freed_huge, last_shared) { .shared = LAST_SHARED };
FIXTURE_VARIANT_ADD(freed_huge, alternating) { .shared = ALTERNATING };

WHY_NOT(freed_huge)
{
	return !strcmp(test, "freed_in_part") && variant->shared != FIRST_SHARED ?
		       "no child shares the pages" :
		       NULL;
}

FIXTURE_SETUP(freed_huge)
{
	huge_begin(&self->mixture.huge, false);
	self->mixture.shared = variant->shared;
}

FIXTURE_TEARDOWN(freed_huge)
{
	huge_end(&self->mixture.huge);
}

SCENARIO(freed_huge, kept_by_a_reference,
	 "after reclaim has tried to free the huge page, its shared pages are copied by a write "
	 "and the others are written in place; the child sees the old bytes")
{
	struct huge *h = &self->mixture.huge;
	struct cgroup group;
	int i;

	cgroup_make(&group);
	cgroup_need_reclaim(&group);
	cgroup_enter(&group);
	huge_fill(h, h->addr, true);
	advise_memory(h->addr, h->size, MADV_FREE);
	share(&self->mixture);
	story_hold_at(&h->story, page_in(h->addr, HELD));
	drain_lru_batches();
	for (i = 0; i < 3; i++)
		cgroup_reclaim(&group, "4M");
	cgroup_leave(&group);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_result("pages that were freed although a reference is held", huge_lost(h), 0);
	expect_written(&self->mixture, h->addr);
}

/* The pages are mapped by small entries, after a part of the mapping was another one. */
SCENARIO(freed_huge, freed_in_part,
	 "MADV_FREE of some pages of a huge page that small entries map frees these, and no other")
{
	struct huge *h = &self->mixture.huge;
	const size_t part = LOOK * features.page_size;
	size_t i;

	huge_fill(h, h->addr, true);
	/* Otherwise khugepaged may map it by one entry again. */
	advise_memory(h->addr, h->size, MADV_NOHUGEPAGE);
	advise_memory(h->addr, part, MADV_DONTFORK);
	advise_memory(h->addr, part, MADV_DOFORK);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(!device_snapshot(&h->device, h->addr).huge, "one entry maps the huge page");
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
