// SPDX-License-Identifier: GPL-2.0
/*
 * A page that a device has exclusively and that is moved by its frame, by
 * eviction, soft offlining or reclaim; and what a device cannot have exclusively
 */
#include "exclusive_meets.h"
#include "exclusive_reclaim.h"

#include "kernel/since.h"

#define SOFT_OFFLINE "/sys/devices/system/memory/soft_offline_page"

SCENARIO(exclusive_meets, range_with_gap,
	 "exclusive access to a range whose middle is not mapped fails, and leaves the pages "
	 "around the gap with their bytes")
{
	struct story *s = &self->story;
	long result;

	unmap_memory(buffer_page(&s->buffer, 1), features.page_size);
	result = take(s, 0, PAGES);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	/* The driver returns EBUSY up to 6.12, and the EFAULT of GUP later. */
	expect(result == -EBUSY || result == -EFAULT, "exclusive access returns %ld", result);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, 2, BY_OWNER);
	expect_stays(s, 0);
	expect_stays(s, 2);
	if (mmap(buffer_page(&s->buffer, 1), features.page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
}

SCENARIO(exclusive_meets, range_with_hole,
	 "exclusive access to a page that was never touched gives the device a page of zeros")
{
	struct story *s = &self->story;

	advise_memory(buffer_page(&s->buffer, 1), features.page_size, MADV_DONTNEED);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access", take(s, 0, PAGES), 0);
	expect_at(s, 1, PLACE_SWAPPED);
	expect_zeros(s->device.bounce + features.page_size, "bytes that the device reads");
	expect_zeros(buffer_page(&s->buffer, 1), "bytes of the page");
	expect_owner_sees(s, 2, BY_OWNER);
	expect_stays(s, 2);
	expect_ended(s);
}

SCENARIO(exclusive_meets, of_a_file,
	 "exclusive access to shared memory fails, and the page keeps its frame and bytes")
{
	struct story *s = &self->story;
	struct page before;
	unsigned char *shared = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long result;

	if (shared == MAP_FAILED)
		syscall_failed("mmap", errno);
	write_page(shared, s->buffer.serial, 0, BY_OWNER);
	before = page_at(0, shared);
	result = device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, shared, 1);
	set_rule(RULE_ONLY_ANONYMOUS);
	expect(result == -EBUSY || result == -EOPNOTSUPP, "exclusive access returns %ld", result);
	expect(page_at(0, shared).pfn == before.pfn, "the page has another frame");
	expect_bytes(shared, s->buffer.serial, 0, BY_OWNER, "bytes of the page");
	unmap_memory(shared, features.page_size);
}

/*
 * The moved page may be mapped read-only (try_to_migrate_one() makes a readable
 * migration entry), but it is exclusive: a write is done in place.
 */
static void expect_reused(struct story *s)
{
	story_remember_frames(s);
	story_write(s, 0);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

WHY_NOT(exclusive_meets)
{
	const bool on_device = variant->place == PLACE_COHERENT;

	if (!strcmp(test, "evicted") && !on_device)
		return "the page is not on a device";
	if (!strcmp(test, "evicted") && !kernel_has(CHANGE_EXCLUSIVE_IS_MAPPED))
		return "rmap of this kernel does not find a page that a device has exclusively "
		       "(before 6.15)";
	if ((!strcmp(test, "soft_offlined") || !strcmp(test, "reclaimed")) && on_device)
		return "a page on a device is not memory";
	return NULL;
}

/*
 * Eviction finds the page by its frame and migrates it by rmap. Older kernels
 * leak it (docs/findings.md, exclusive-leak): destructive.exclusive-page-evicted.
 */
SCENARIO(exclusive_meets, evicted,
	 "eviction of the device moves the page to memory with its bytes")
{
	struct story *s = &self->story;
	struct device device;

	need(kernel_has(CHANGE_CLOSE_EVICTS), SKIP_NO_EVICTION);
	take_first(s);
	device_open(&device, PLACE_COHERENT, 1);
	device_close(&device);
	set_rule(RULE_CLOSE_EVICTS);
	expect_owner_sees(s, 0, BY_OWNER);
	expect(in_memory(page_at(0, s->buffer.addr).at), "the page is %s",
	       place_name(page_at(0, s->buffer.addr).at));
	expect_reused(s);
	expect_owner_sees(s, 1, BY_OWNER);
}

/* The memory is lost for the machine, which has to be one of a test. */
SCENARIO(exclusive_meets, soft_offlined,
	 "soft offlining of the page's frame moves the page with its bytes, or leaves it")
{
	struct story *s = &self->story;
	char address[32];
	int result;

	need(!access(SOFT_OFFLINE, W_OK) && in_guest(), SKIP_NO_SOFT_OFFLINE);
	drain_lru_batches();
	take_first(s);
	snprintf(address, sizeof(address), "0x%lx",
		 s->frames[0] * (unsigned long)features.page_size);
	result = write_text(SOFT_OFFLINE, address);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_owner_sees(s, 0, BY_OWNER);
	expect(in_memory(page_at(0, s->buffer.addr).at), "the page is %s",
	       place_name(page_at(0, s->buffer.addr).at));
	if (kernel_has(CHANGE_EXCLUSIVE_IS_MAPPED)) {
		expect_result("soft_offline_page", result, 0);
		expect_other_frame(s, 0);
	}
	expect_reused(s);
	expect_others_stay(s);
}

SCENARIO(exclusive_meets, reclaimed,
	 "reclaim of a memory cgroup swaps the page out and in with its bytes, or leaves it")
{
	need(kernel_has(CHANGE_EXCLUSIVE_OUTLIVES_RECLAIM), SKIP_RECLAIM_BREAKS_EXCLUSIVE);
	expect_reclaim_keeps(&self->story.device);
}

/* make_device_exclusive() (6.1: page_make_device_exclusive_one()), restore_exclusive_pte() */
SCENARIO(exclusive_meets, tracked,
	 "a page that was written is soft-dirty while a device has it exclusively and afterwards, "
	 "the next page is not")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	clear_soft_dirty();
	story_write(s, 0);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access", take(s, 0, 1), 0);
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_soft_dirty("the page while the device has it", story_page(s, 0), true);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	expect_soft_dirty("the page afterwards", story_page(s, 0), true);
	expect_soft_dirty("the next page", story_page(s, 1), false);
}

/* Reclaim drops a page after MADV_FREE that is clean. */
SCENARIO(exclusive_meets, freed_then_written,
	 "reclaim keeps a page that was written after MADV_FREE, and that a device had "
	 "exclusively since")
{
	struct story *s = &self->story;

	swap_on();
	drain_lru_batches();
	advise_memory(s->buffer.addr, features.page_size, MADV_FREE);
	drain_lru_batches();
	story_write(s, 0);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access", take(s, 0, 1), 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	drain_lru_batches();
	advise_memory(s->buffer.addr, features.page_size, MADV_PAGEOUT);
	set_rule(RULE_SWAP_KEEPS);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_exclusive_moves", argc, argv);
}
