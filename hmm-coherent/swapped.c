// SPDX-License-Identifier: GPL-2.0
/*
 * What a page keeps while it is swapped out: who shares it, the protection by
 * userfaultfd, the soft-dirty bit; and which pages reclaim must leave alone
 *
 * While a page is swapped out, its state is in bits of the swap entry. Each way
 * back into memory has to read all of them, and fork() to change them.
 */
#include "suite/harness.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/monitor.h"
#include "reach/swap.h"
#include "story/registered.h"
#include "story/story.h"

#define PAGES 3
#define WRITTEN_S 10

FIXTURE(swapped)
{
	struct story story;
	int monitor;		/* -1: none */
	struct child other;	/* does not map the pages */
};

/* Ways back into memory, without a write. They return bytes, -errno or KILLED_BY(). */
static long by_load(FIXTURE_DATA(swapped) (*self), size_t page)
{
	return cpu_read(&self->story.buffer, page, 1, NULL);
}

static long by_gup(FIXTURE_DATA(swapped) (*self), size_t page)
{
	static unsigned char copy[65536] __aligned(65536);

	return other_vm_read(&self->other, &self->story.buffer, page, 1, copy);
}

static long by_swapoff(FIXTURE_DATA(swapped) (*self), size_t page)
{
	/* It brings all pages back, so that the next one is in memory already. */
	if (page_at(0, buffer_page(&self->story.buffer, page)).at == PLACE_SWAPPED)
		swap_off();
	return features.page_size;
}

FIXTURE_VARIANT(swapped)
{
	long (*back)(FIXTURE_DATA(swapped) (*self), size_t page);
};

FIXTURE_VARIANT_ADD(swapped, load) { .back = by_load };
FIXTURE_VARIANT_ADD(swapped, gup) { .back = by_gup };
FIXTURE_VARIANT_ADD(swapped, swapoff) { .back = by_swapoff };

WHY_NOT(swapped)
{
	if (variant->back != by_load &&
	    (!strcmp(test, "pinned_stays") || !strcmp(test, "freed_while_held") ||
	     !strcmp(test, "shared_is_left") || !strcmp(test, "freed_while_away")))
		return "the page does not come back, so that there is one way only";
	if (variant->back != by_load && !strcmp(test, "zeros_then_bytes"))
		return "how the page comes back does not matter";
	return NULL;
}

FIXTURE_SETUP(swapped)
{
	self->monitor = -1;
	child_fork(&self->other);
	story_begin(&self->story, PLACE_SYSTEM, false, PAGES);
	swap_on();
	drain_lru_batches();
}

FIXTURE_TEARDOWN(swapped)
{
	if (self->monitor >= 0)
		close(self->monitor);
	child_leave(&self->other);
	story_end(&self->story);
}

/* Swap all pages out. */
static void away(FIXTURE_DATA(swapped) (*self))
{
	struct buffer *buffer = &self->story.buffer;

	advise_memory(buffer->addr, buffer->size, MADV_PAGEOUT);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(pages_at(buffer->addr, PAGES, PLACE_SWAPPED) == PAGES,
	     "MADV_PAGEOUT swaps out %zu of %d pages of memory",
	     pages_at(buffer->addr, PAGES, PLACE_SWAPPED), PAGES);
}

/* Bring page @page back, without a write. */
static void bring_back(FIXTURE_DATA(swapped)(*self), const FIXTURE_VARIANT(swapped)(*variant),
		       size_t page)
{
	set_rule(RULE_SWAP_KEEPS);
	expect_result("the way back", variant->back(self, page), features.page_size);
	expect_at(&self->story, page, PLACE_SYSTEM);
}

SCENARIO(swapped, shared_with_child,
	 "pages that were forked while they were swapped out are shared: neither sees what the "
	 "other writes")
{
	struct story *s = &self->story;

	away(self);
	child_fork(&s->child);
	bring_back(self, variant, 0);
	bring_back(self, variant, 1);
	set_rule(RULE_NO_LEAK);
	story_write(s, 0);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 1, 1, BY_CHILD),
		      features.page_size);
	expect_owner_sees(s, 1, BY_OWNER);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	expect_child_sees(s, &s->child, 1, BY_CHILD);
}

SCENARIO(swapped, written_by_child_first,
	 "the same if the child is the first to bring the pages back")
{
	struct story *s = &self->story;

	away(self);
	child_fork(&s->child);
	set_rule(RULE_NO_LEAK);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	bring_back(self, variant, 0);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	story_write(s, 0);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
}

/* Page 0 is protected, and no other. */
static void expect_protected(struct story *s)
{
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("page 0", story_page(s, 0), true);
	expect_uffd_wp("page 1", story_page(s, 1), false);
}

SCENARIO(swapped, protected,
	 "a page that userfaultfd protects is protected when it has come back, the next page is "
	 "not")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(s->buffer.addr, s->buffer.size, 0);
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, true);
	away(self);
	expect_protected(s);
	bring_back(self, variant, 0);
	bring_back(self, variant, 1);
	expect_protected(s);
	expect_result("a write", cpu_write(&s->buffer, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	expect_result("a write to the next page", cpu_write(&s->buffer, 1, 1, BY_OWNER_AGAIN),
		      features.page_size);
	expect_owner_sees(s, 0, BY_OWNER);
}

static void expect_tracked(struct story *s, bool second)
{
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_soft_dirty("is page 0 soft-dirty", story_page(s, 0), true);
	expect_soft_dirty("is page 1 soft-dirty", story_page(s, 1), second);
}

SCENARIO(swapped, tracked,
	 "a page that was written is soft-dirty in swap and when it has come back, one that was "
	 "not is not, and becomes so by a write")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	clear_soft_dirty();
	story_write(s, 0);
	away(self);
	expect_tracked(s, false);
	bring_back(self, variant, 0);
	bring_back(self, variant, 1);
	expect_tracked(s, false);
	story_write(s, 1);
	expect_tracked(s, true);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(swapped, pinned_stays,
	 "a page that is pinned is not swapped out; when it is not any more, it is")
{
	struct story *s = &self->story;
	struct buffer *buffer = &s->buffer;

	story_ring(s);
	register_all(s);
	drain_lru_batches();
	advise_memory(buffer->addr, buffer->size, MADV_PAGEOUT);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_same_frame(s, 0);
	expect_mapped(s, 0, PERM_RW);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	away(self);
	bring_back(self, variant, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * Reclaim may free a page with MADV_FREE, but not while a reference is held: a
 * transfer would go to a page that its owner does not have any more.
 */
SCENARIO(swapped, freed_while_held,
	 "reclaim does not free a page with MADV_FREE to which a reference is held: the holder and "
	 "the owner still have the same page")
{
	struct story *s = &self->story;

	story_hold(s, 0);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_FREE);
	drain_lru_batches();
	advise_memory(s->buffer.addr, s->buffer.size, MADV_PAGEOUT);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	story_write(s, 0);
	expect_holder_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(swapped, released_while_away,
	 "protection that userfaultfd removes while the page is swapped out is gone, there and "
	 "when the page has come back")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(s->buffer.addr, s->buffer.size, 0);
	monitor_protect(self->monitor, s->buffer.addr, s->buffer.size, true);
	away(self);
	monitor_protect(self->monitor, buffer_page(&s->buffer, 1), features.page_size, false);
	expect_protected(s);
	bring_back(self, variant, 0);
	bring_back(self, variant, 1);
	expect_protected(s);
	expect_result("a write", cpu_write(&s->buffer, 1, 1, BY_OWNER_AGAIN), features.page_size);
}

/* copy_nonpresent_pte(): the child has no userfaultfd. */
SCENARIO(swapped, protected_and_forked,
	 "a child's entry of a swapped page that the parent's userfaultfd protects is not "
	 "protected, the parent's stays so")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(s->buffer.addr, s->buffer.size, 0);
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, true);
	away(self);
	child_fork(&s->child);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the child's page", page_at(s->child.pid, s->buffer.addr), false);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_protected(s);
	bring_back(self, variant, 0);
	expect_protected(s);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(swapped, freed_while_away,
	 "MADV_FREE frees what is swapped out at once: it reads as zeros, and the other pages "
	 "keep their bytes")
{
	struct story *s = &self->story;

	away(self);
	advise_memory(s->buffer.addr, 2 * features.page_size, MADV_FREE);
	set_rule(RULE_SWAP_KEEPS);
	expect_at(s, 0, PLACE_NOWHERE);
	expect_at(s, 1, PLACE_NOWHERE);
	expect_at(s, 2, PLACE_SWAPPED);
	expect_zeros(s->buffer.addr, "the page after MADV_FREE");
	expect_owner_sees(s, 2, BY_OWNER);
}

/* madvise_cold_or_pageout_pte_range(): do not interfere with other mappings of the folio. */
SCENARIO(swapped, shared_is_left,
	 "MADV_PAGEOUT leaves pages that another process maps, too, until it does not any more")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_PAGEOUT);
	set_rule(RULE_PAGED_OUT_ALONE);
	expect_stays(s, 0);
	expect(page_at(s->child.pid, s->buffer.addr).present, "the child's page is not mapped");
	child_leave(&s->child);
	away(self);
	set_rule(RULE_SWAP_KEEPS);
	expect_owner_sees(s, 0, BY_OWNER);
}

static bool is_written(void *addr)
{
	return !frame_has_flag(page_at(0, addr).pfn, KPF_WRITEBACK);
}

/*
 * A page that is read back stays in the swap cache with its place in swap, which says
 * "zeros" since 6.12 (swap_writeout(), swap_read_folio_zeromap()). Reclaim by the group
 * takes the pages out of the cache that were written.
 */
SCENARIO(swapped, zeros_then_bytes,
	 "a page of zeros that was swapped out and in, and is then written, comes back from swap "
	 "with what was written")
{
	struct story *s = &self->story;
	struct cgroup group;
	size_t i;

	cgroup_make(&group);
	cgroup_need_reclaim(&group);
	cgroup_enter(&group);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_DONTNEED);
	memset(s->buffer.addr, 0, s->buffer.size);
	drain_lru_batches();
	away(self);
	for (i = 0; i < PAGES; i++) {
		set_rule(RULE_SWAP_KEEPS);
		expect_zeros(buffer_page(&s->buffer, i), "the page of zeros");
		must(wait_until(is_written, buffer_page(&s->buffer, i), WRITTEN_S),
		     "page %zu is still being written after %d s", i, WRITTEN_S);
		story_write(s, i);
	}
	drain_lru_batches();
	away(self);
	cgroup_reclaim(&group, "1M");
	cgroup_leave(&group);
	set_rule(RULE_SWAP_KEEPS);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_OWNER_AGAIN);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_swapped", argc, argv);
}
