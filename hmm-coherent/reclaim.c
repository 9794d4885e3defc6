// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim and swap with pages on a coherent device, which cannot be reclaimed
 * until they are migrated back
 *
 * A device page is on no LRU list, so it is neither aged nor swapped out. But
 * it replaces a page of memory and is migrated back to memory, and the state of
 * that (dirty, in the swap cache, lazily freed) must be kept.
 */
#include "suite/harness.h"

#include <sys/mman.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/swap.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3
#define WRITTEN_S 10

FIXTURE(reclaim)
{
	struct story story;
	unsigned char *control;	/* pages of memory that are treated in the same way */
};

FIXTURE_VARIANT(reclaim)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(reclaim, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(reclaim, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };

FIXTURE_SETUP(reclaim)
{
	self->control = NULL;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(reclaim)
{
	if (self->control)
		unmap_memory(self->control, PAGES * features.page_size);
	story_end(&self->story);
}

/* Map the control group: pages of memory in the pattern of BY_OTHER. */
static void map_control(FIXTURE_DATA(reclaim) (*self))
{
	size_t i;

	self->control = map_memory(PAGES * features.page_size, PROT_READ | PROT_WRITE);
	for (i = 0; i < PAGES; i++)
		write_page(self->control + i * features.page_size, self->story.buffer.serial, i,
			   BY_OTHER);
}

static struct page control_page(FIXTURE_DATA(reclaim) (*self), size_t page)
{
	return page_at(0, self->control + page * features.page_size);
}

static void expect_untouched(struct story *s)
{
	size_t i;

	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(reclaim, advice,
	 "MADV_COLD and MADV_PAGEOUT skip pages on the device; pages of memory are swapped out")
{
	struct story *s = &self->story;

	swap_on();
	map_control(self);
	set_rule(RULE_NOT_RECLAIMED);
	expect_result("MADV_COLD", madvise(s->buffer.addr, s->buffer.size, MADV_COLD), 0);
	expect_untouched(s);
	expect_result("MADV_PAGEOUT", madvise(s->buffer.addr, s->buffer.size, MADV_PAGEOUT), 0);
	expect_untouched(s);
	set_rule(RULE_SWAP_KEEPS);
	expect_result("MADV_PAGEOUT of memory",
		      madvise(self->control, PAGES * features.page_size, MADV_PAGEOUT), 0);
	expect(control_page(self, 0).at == PLACE_SWAPPED, "a page of memory is %s, not swapped",
	       place_name(control_page(self, 0).at));
	expect_bytes(self->control, s->buffer.serial, 0, BY_OTHER,
		     "bytes of memory that was swapped out");
}

/* Page 0 stays on the device; the others are in memory again, on an LRU list. */
static void bring_others_back(struct story *s)
{
	device_move_back(&s->device, buffer_page(&s->buffer, 1), PAGES - 1);
	set_rule(RULE_BACK);
	expect_at(s, 1, PLACE_SYSTEM);
	drain_lru_batches();
}

SCENARIO(reclaim, advice_for_mixture,
	 "MADV_PAGEOUT of a page on the device and pages of memory behind it swaps these out")
{
	struct story *s = &self->story;
	size_t i;

	swap_on();
	bring_others_back(s);
	set_rule(RULE_WHOLE_RANGE);
	expect_result("MADV_PAGEOUT", madvise(s->buffer.addr, s->buffer.size, MADV_PAGEOUT), 0);
	expect_stays(s, 0);
	for (i = 1; i < PAGES; i++)
		expect_at(s, i, PLACE_SWAPPED);
	set_rule(RULE_SWAP_KEEPS);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_OWNER);
}

SCENARIO(reclaim, freed_in_mixture,
	 "MADV_FREE of a page on the device and pages of memory behind it lets reclaim drop these")
{
	struct story *s = &self->story;
	size_t i;

	swap_on();
	bring_others_back(s);
	set_rule(RULE_WHOLE_RANGE);
	expect_result("MADV_FREE", madvise(s->buffer.addr, s->buffer.size, MADV_FREE), 0);
	drain_lru_batches();
	advise_memory(s->buffer.addr, s->buffer.size, MADV_PAGEOUT);
	expect_stays(s, 0);
	for (i = 1; i < PAGES; i++)
		expect_at(s, i, PLACE_NOWHERE);
	expect_owner_sees(s, 0, BY_OWNER);
}

static void bring_back(struct story *s)
{
	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_at(s, 0, PLACE_SYSTEM);
	/* Neither reclaim nor migration takes a page from the LRU batch of another processor. */
	drain_lru_batches();
}

/*
 * Swap has free pages, and no reference to the page is held. So if it cannot be
 * swapped out, migration back left it in a wrong state.
 */
static void page_out(struct story *s, size_t page)
{
	unsigned char *addr = buffer_page(&s->buffer, page);
	struct page after;

	advise_memory(addr, features.page_size, MADV_PAGEOUT);
	after = page_at(0, addr);
	set_rule(RULE_BACK_IS_MEMORY);
	if (after.at == PLACE_SWAPPED)
		return;
	expect(false, "page %zu is not swapped out by MADV_PAGEOUT: it is %s, %s", page,
	       place_name(after.at),
	       frame_has_flag(after.pfn, KPF_LRU) ? "on an LRU list" : "on no LRU list");
	give_up();
}

SCENARIO(reclaim, swapped_stays_swapped,
	 "a page that is swapped out is not migrated: the driver returns ENOENT, and a read swaps "
	 "the page in")
{
	struct story *s = &self->story;

	swap_on();
	bring_back(s);
	page_out(s, 0);
	set_rule(RULE_SWAP_KEEPS);
	expect_result("migration", device_migrate_to(&s->device, s->buffer.addr, 1), -ENOENT);
	expect_at(s, 0, PLACE_SWAPPED);
	expect_owner_sees(s, 0, BY_OWNER);
	device_move_to(&s->device, buffer_page(&s->buffer, 1), 1);
	set_rule(RULE_ENTRY);
	expect_at(s, 1, PLACE_COHERENT);
}

static bool is_written(void *addr)
{
	return !frame_has_flag(page_at(0, addr).pfn, KPF_WRITEBACK);
}

/*
 * Swap the page out and in again by a read, so that it is mapped and still in
 * the swap cache, with the same bytes in swap.
 */
static void through_swap(struct story *s, size_t page)
{
	unsigned char *addr = buffer_page(&s->buffer, page);

	page_out(s, page);
	expect_owner_sees(s, page, BY_OWNER);
	set_rule(RULE_SWAP_KEEPS);
	must(wait_until(is_written, addr, WRITTEN_S),
	     "a page that was swapped out is still being written after %d s", WRITTEN_S);
}

/*
 * The version decides what to expect, since removal of the page from the swap
 * cache is tested.
 */
SCENARIO(reclaim, swap_cache,
	 "a page in the swap cache is migrated after its removal from the swap cache, or stays in "
	 "memory on kernels that do not remove it")
{
	struct story *s = &self->story;
	const bool leaves = kernel_has(CHANGE_SWAP_CACHE_ASKED);

	need_survives(CHANGE_SWAP_CACHE_READ_AGAIN);
	swap_on();
	bring_back(s);
	through_swap(s, 0);
	if (!frame_has_flag(page_at(0, s->buffer.addr).pfn, KPF_SWAPCACHE))
		not_prepared("a page was removed from the swap cache as soon as it was read: the "
			     "test cannot be done");
	story_remember_frames(s);
	device_move_to(&s->device, s->buffer.addr, 1);
	set_rule(RULE_SWAP_CACHE);
	expect_at(s, 0, leaves ? PLACE_COHERENT : PLACE_SYSTEM);
	if (!leaves)
		expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * The page is clean when it is migrated, since swap has its bytes. If the write
 * on the device did not make it dirty, reclaim would drop the new bytes.
 */
SCENARIO(reclaim, written_on_device,
	 "bytes that were written on the device are swapped out and in after migration back, also "
	 "if swap had older bytes")
{
	struct story *s = &self->story;

	need_survives(CHANGE_SWAP_CACHE_READ_AGAIN);
	swap_on();
	bring_back(s);
	through_swap(s, 0);
	story_make_writable(s);
	device_move_to(&s->device, s->buffer.addr, 2);
	set_rule(RULE_ENTRY);
	expect_at(s, 1, PLACE_COHERENT);
	story_write(s, 0);
	story_write(s, 1);
	bring_back(s);
	page_out(s, 0);
	page_out(s, 1);
	set_rule(RULE_SWAP_KEEPS);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	expect_owner_sees(s, 1, BY_OWNER_AGAIN);
	page_out(s, 2);
	expect_owner_sees(s, 2, BY_OWNER);
}

/*
 * After MADV_FREE, reclaim drops a page unless it is written again. Here it is
 * written on the device, where it is not reclaimed.
 */
SCENARIO(reclaim, freed_then_written,
	 "reclaim keeps a page that was written on the device after MADV_FREE")
{
	struct story *s = &self->story;

	swap_on();
	bring_back(s);
	story_make_writable(s);
	expect_result("MADV_FREE", madvise(s->buffer.addr, s->buffer.size, MADV_FREE), 0);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	story_write(s, 0);
	bring_back(s);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_PAGEOUT);
	set_rule(RULE_SWAP_KEEPS);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(reclaim, pressure,
	 "reclaim of a memory cgroup swaps out its pages in memory and leaves its pages on the "
	 "device")
{
	struct story *s = &self->story;
	struct cgroup group;
	struct buffer charged;
	size_t i, swapped = 0;

	swap_on();
	cgroup_make(&group);
	cgroup_need_reclaim(&group);
	cgroup_enter(&group);
	/*
	 * The cgroup is charged for these: pages in memory, and pages that are
	 * then migrated to the device.
	 */
	map_control(self);
	buffer_map(&charged, PAGES, PLACE_COHERENT);
	buffer_write(&charged, 0, PAGES, BY_OWNER);
	device_move_to(&s->device, charged.addr, PAGES);
	cgroup_reclaim(&group, "1M");
	cgroup_leave(&group);
	for (i = 0; i < PAGES; i++)
		swapped += control_page(self, i).at == PLACE_SWAPPED;
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(swapped, "memory.reclaim swaps out none of the %d pages of memory that the cgroup has",
	     PAGES);
	set_rule(RULE_NOT_RECLAIMED);
	expect_untouched(s);
	for (i = 0; i < PAGES; i++) {
		struct page page = page_at(0, buffer_page(&charged, i));

		expect_same(page.at == PLACE_COHERENT,
			    "place of a page that the cgroup has on the device", "coherent",
			    place_name(page.at));
		expect_bytes(buffer_page(&charged, i), charged.serial, i, BY_OWNER,
			     "bytes of the cgroup's pages on the device");
	}
	set_rule(RULE_SWAP_KEEPS);
	expect_bytes(self->control, s->buffer.serial, 0, BY_OTHER,
		     "bytes of memory that was swapped out");
	buffer_unmap(&charged);
}

static void make_copy(struct story *s)
{
	child_fork(&s->child);
	story_write(s, 0);
	child_leave(&s->child);
}

static void make_unshared(struct story *s)
{
	const struct pin_kind pin = { .pin = true };

	child_fork(&s->child);
	if (pin_available())
		expect_result("bytes pinned", pin_pages(pin, s->buffer.addr, 1),
			      features.page_size);
	child_leave(&s->child);
}

static void make_returned(struct story *s)
{
	device_move_to(&s->device, s->buffer.addr, 1);
	bring_back(s);
}

static void make_refused(struct story *s)
{
	story_hold(s, 0);
	(void)!device_migrate_to(&s->device, s->buffer.addr, 1);
	story_let_go(s);
}

/*
 * folio_add_lru_vma() of each fault, folio_putback_lru() and folio_add_lru() of each
 * migration: who makes or takes a page puts it on an LRU list.
 */
SCENARIO(reclaim, each_way,
	 "a page is swapped out however it came to be where it is: by a copy for a write or a pin, "
	 "by migration that returned it or that was refused")
{
	void (*const ways[])(struct story *) = { make_copy, make_unshared, make_returned,
						 make_refused };
	struct story *s = &self->story;
	size_t i;

	swap_on();
	bring_back(s);
	story_make_writable(s);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		set_rule(RULE_BACK_IS_MEMORY);
		ways[i](s);
		drain_lru_batches();
		page_out(s, 0);
		(void)*(volatile unsigned char *)s->buffer.addr;
		must(wait_until(is_written, s->buffer.addr, WRITTEN_S), "swap is not written");
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_reclaim", argc, argv);
}
