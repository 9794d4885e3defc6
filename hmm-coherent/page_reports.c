// SPDX-License-Identifier: GPL-2.0
/*
 * What smaps, move_pages() and PAGEMAP_SCAN report of one page, by its state
 *
 * Each of them walks page tables in its own way and has to know each kind of
 * entry.
 */
#include "suite/harness.h"

#include <errno.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <numaif.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/swap.h"
#include "see/counters.h"
#include "see/scan.h"
#include "story/story.h"

FIXTURE(page_reports)
{
	struct story story;
	unsigned char *page;
	struct device private;
	bool has_private;
};

/* Map the page between pages of another kind, so that its mapping is not merged with another. */
static void map_as(FIXTURE_DATA(page_reports) (*self), int flags)
{
	const size_t size = features.page_size;
	unsigned char *room = mmap(NULL, 3 * size, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		syscall_failed("mmap", errno);
	self->page = mmap(room + size, size, PROT_READ | PROT_WRITE,
			  flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (self->page == MAP_FAILED)
		syscall_failed("mmap", errno);
	write_page(self->page, self->story.buffer.serial, 0, BY_OWNER);
}

static void make_written(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
}

static void make_hole(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	advise_memory(self->page, features.page_size, MADV_DONTNEED);
}

static void make_zero(FIXTURE_DATA(page_reports) (*self))
{
	make_hole(self);
	expect_zeros(self->page, "memory that was never written");
}

static void make_forked(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	child_fork(&self->story.child);
}

static void make_coherent(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	device_move_to(&self->story.device, self->page, 1);
}

static void make_private(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	device_open(&self->private, PLACE_PRIVATE, 1);
	self->has_private = true;
	device_move_to(&self->private, self->page, 1);
}

static void make_exclusive(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&self->story.device, HMM_DMIRROR_EXCLUSIVE, self->page, 1),
		      0);
}

static void make_swapped(FIXTURE_DATA(page_reports) (*self))
{
	swap_on();
	map_as(self, MAP_PRIVATE);
	drain_lru_batches();
	advise_memory(self->page, features.page_size, MADV_PAGEOUT);
}

/* The entry is shared, not the page: MADV_PAGEOUT leaves shared pages alone. */
static void make_swapped_forked(FIXTURE_DATA(page_reports) (*self))
{
	make_swapped(self);
	child_fork(&self->story.child);
}

static void make_freeable(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	drain_lru_batches();
	advise_memory(self->page, features.page_size, MADV_FREE);
	drain_lru_batches();
}

static void make_locked(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mlock", errno_of(mlock(self->page, features.page_size)), 0);
}

/* The child has no lock, but the page. */
static void make_locked_forked(FIXTURE_DATA(page_reports) (*self))
{
	make_locked(self);
	child_fork(&self->story.child);
}

static void make_inaccessible(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	protect_memory(self->page, features.page_size, PROT_NONE);
}

static void make_shared(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_SHARED);
}

/* The page is in the page cache, but not mapped. */
static void make_cached(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_SHARED);
	advise_memory(self->page, features.page_size, MADV_DONTNEED);
}

static void make_unmapped(FIXTURE_DATA(page_reports) (*self))
{
	map_as(self, MAP_PRIVATE);
	unmap_memory(self->page, features.page_size);
}

#define ON_NODE 1		/* move_pages() reports a node */
#define PRESENT PAGE_IS_PRESENT
#define SWAPPED PAGE_IS_SWAPPED

FIXTURE_VARIANT(page_reports)
{
	void (*make)(FIXTURE_DATA(page_reports) (*self));
	enum place place;
	/* pages in fields of smaps; @halves: of Pss, in half pages */
	int rss, anonymous, halves, swap, lazy_free;
	int swap_halves, locked_halves;	/* of SwapPss and Locked */
	int status;		/* ON_NODE or -errno */
	unsigned long categories;	/* of PAGEMAP_SCAN */
};

FIXTURE_VARIANT_ADD(page_reports, written) {
	.make = make_written, .place = PLACE_SYSTEM, .rss = 1, .anonymous = 1, .halves = 2,
	.status = ON_NODE, .categories = PRESENT };
FIXTURE_VARIANT_ADD(page_reports, hole) {
	.make = make_hole, .place = PLACE_NOWHERE, .status = -ENOENT };
FIXTURE_VARIANT_ADD(page_reports, zero_page) {
	.make = make_zero, .place = PLACE_SYSTEM, .status = -EFAULT,
	.categories = PRESENT | PAGE_IS_PFNZERO };
FIXTURE_VARIANT_ADD(page_reports, forked) {
	.make = make_forked, .place = PLACE_SYSTEM, .rss = 1, .anonymous = 1, .halves = 1,
	.status = ON_NODE, .categories = PRESENT };
FIXTURE_VARIANT_ADD(page_reports, coherent) {
	.make = make_coherent, .place = PLACE_COHERENT, .rss = 1, .anonymous = 1, .halves = 2,
	.status = -ENOENT, .categories = PRESENT };
FIXTURE_VARIANT_ADD(page_reports, private) {
	.make = make_private, .place = PLACE_PRIVATE, .rss = 1, .anonymous = 1, .halves = 2,
	.status = -ENOENT, .categories = SWAPPED };
FIXTURE_VARIANT_ADD(page_reports, exclusive) {
	.make = make_exclusive, .place = PLACE_SWAPPED, .rss = 1, .anonymous = 1, .halves = 2,
	.status = -ENOENT, .categories = SWAPPED };
FIXTURE_VARIANT_ADD(page_reports, swapped) {
	.make = make_swapped, .place = PLACE_SWAPPED, .swap = 1, .swap_halves = 2,
	.status = -ENOENT, .categories = SWAPPED };
FIXTURE_VARIANT_ADD(page_reports, swapped_forked) {
	.make = make_swapped_forked, .place = PLACE_SWAPPED, .swap = 1, .swap_halves = 1,
	.status = -ENOENT, .categories = SWAPPED };
FIXTURE_VARIANT_ADD(page_reports, freeable) {
	.make = make_freeable, .place = PLACE_SYSTEM, .rss = 1, .anonymous = 1, .halves = 2,
	.lazy_free = 1, .status = ON_NODE, .categories = PRESENT };
FIXTURE_VARIANT_ADD(page_reports, locked) {
	.make = make_locked, .place = PLACE_SYSTEM, .rss = 1, .anonymous = 1, .halves = 2,
	.locked_halves = 2, .status = ON_NODE, .categories = PRESENT };
FIXTURE_VARIANT_ADD(page_reports, locked_forked) {
	.make = make_locked_forked, .place = PLACE_SYSTEM, .rss = 1, .anonymous = 1, .halves = 1,
	.locked_halves = 1, .status = ON_NODE, .categories = PRESENT };
FIXTURE_VARIANT_ADD(page_reports, inaccessible) {
	.make = make_inaccessible, .place = PLACE_SYSTEM, .rss = 1, .anonymous = 1, .halves = 2,
	.status = ON_NODE, .categories = PRESENT };
FIXTURE_VARIANT_ADD(page_reports, shared) {
	.make = make_shared, .place = PLACE_SYSTEM, .rss = 1, .halves = 2, .status = ON_NODE,
	.categories = PRESENT | PAGE_IS_FILE };
FIXTURE_VARIANT_ADD(page_reports, cached) {
	.make = make_cached, .place = PLACE_NOWHERE, .status = -ENOENT };

FIXTURE_VARIANT_ADD(page_reports, unmapped) {
	.make = make_unmapped, .place = PLACE_NOWHERE };

WHY_NOT(page_reports)
{
	if (variant->make == make_unmapped && strcmp(test, "device"))
		return "nothing is mapped there";
	if (!strcmp(test, "scan") && !scan_available())
		return "this kernel has no PAGEMAP_SCAN (6.7)";
	if (!strcmp(test, "device") && variant->make != make_hole &&
	    variant->make != make_inaccessible && variant->make != make_unmapped)
		return "the snapshot of other pages is compared by each test";
	return NULL;
}

FIXTURE_SETUP(page_reports)
{
	enum place at;

	self->has_private = false;
	story_begin(&self->story, PLACE_SYSTEM, false, 1);
	variant->make(self);
	at = page_at(0, self->page).at;
	set_rule(RULE_REPORTED_BY_STATE);
	/* The page may be in memory of any zone. */
	must(at == variant->place || (variant->place == PLACE_SYSTEM && in_memory(at)),
	     "the page is %s, not %s", place_name(at), place_name(variant->place));
}

FIXTURE_TEARDOWN(page_reports)
{
	unmap_memory(self->page - features.page_size, 3 * features.page_size);
	if (self->has_private)
		device_close(&self->private);
	story_end(&self->story);
}

/* The sum of the fields @clean and @dirty of smaps. */
static long both(const unsigned char *page, const char *clean, const char *dirty)
{
	return smaps_bytes(page, clean) + smaps_bytes(page, dirty);
}

SCENARIO(page_reports, smaps,
	 "smaps counts the page in the fields of its state, and as shared or private, but not "
	 "both")
{
	const long size = features.page_size;

	set_rule(RULE_REPORTED_BY_STATE);
	expect_result("Rss", smaps_bytes(self->page, "Rss"), variant->rss * size);
	expect_result("Anonymous", smaps_bytes(self->page, "Anonymous"),
		      variant->anonymous * size);
	expect_result("Pss", smaps_bytes(self->page, "Pss"), variant->halves * size / 2);
	expect_result("Swap", smaps_bytes(self->page, "Swap"), variant->swap * size);
	expect_result("SwapPss", smaps_bytes(self->page, "SwapPss"),
		      variant->swap_halves * size / 2);
	expect_result("LazyFree", smaps_bytes(self->page, "LazyFree"), variant->lazy_free * size);
	expect_result("Locked", smaps_bytes(self->page, "Locked"),
		      variant->locked_halves * size / 2);
	expect_result("Shared and Private",
		      both(self->page, "Shared_Clean", "Shared_Dirty") +
		      both(self->page, "Private_Clean", "Private_Dirty"),
		      variant->rss * size);
	if (variant->halves == 1)
		expect_result("Private", both(self->page, "Private_Clean", "Private_Dirty"), 0);
}

/*
 * Kernels that look with follow_page(FOLL_DUMP) report EFAULT for an anonymous
 * hole and ENOENT for a page without access.
 */
static long expected_status(const FIXTURE_VARIANT(page_reports) (*variant))
{
	if (variant->make == make_hole && !kernel_has(CHANGE_STATUS_BY_WALK))
		return -EFAULT;
	if (variant->make == make_inaccessible && !kernel_has(CHANGE_STATUS_BY_WALK))
		return -ENOENT;
	return variant->status;
}

SCENARIO(page_reports, node,
	 "move_pages() without nodes reports the node of a page in memory, EFAULT for the zero "
	 "page "
	 "and ENOENT for what is not there, and moves nothing")
{
	const struct page before = page_at(0, self->page);
	void *pages[] = { self->page };
	int status[] = { -1 };

	set_rule(RULE_REPORTED_BY_STATE);
	expect_result("move_pages", errno_of(move_pages(0, 1, pages, NULL, status, 0)), 0);
	if (expected_status(variant) == ON_NODE)
		expect(status[0] >= 0, "the status of the page is %d, not a node", status[0]);
	else
		expect_result("status of the page", status[0], expected_status(variant));
	expect(page_at(0, self->page).pfn == before.pfn, "the page has another frame");
}

SCENARIO(page_reports, scan,
	 "PAGEMAP_SCAN reports the categories of the page, and finds it by each of them")
{
	struct page_region region = { 0 };
	struct pm_scan_arg scan = {
		.size = sizeof(scan), .start = (uintptr_t)self->page,
		.end = (uintptr_t)self->page + features.page_size,
		.vec = (uintptr_t)&region, .vec_len = 1,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO | PAGE_IS_FILE,
	};
	static const unsigned long single[] = { PAGE_IS_PRESENT, PAGE_IS_SWAPPED, PAGE_IS_PFNZERO,
						PAGE_IS_FILE };
	size_t i;

	set_rule(RULE_REPORTED_BY_STATE);
	expect_result("regions", pages_scan(&scan), 1);
	expect_result("categories", region.categories, variant->categories);
	expect(scan.walk_end == scan.end, "the scan ends at 0x%llx, not 0x%llx",
	       (unsigned long long)scan.walk_end, (unsigned long long)scan.end);
	for (i = 0; i < ARRAY_SIZE(single); i++) {
		scan.category_mask = single[i];
		expect_result("regions with one category", pages_scan(&scan),
			      !!(variant->categories & single[i]));
		scan.category_inverted = single[i];
		expect_result("regions without one category", pages_scan(&scan),
			      !(variant->categories & single[i]));
		scan.category_inverted = 0;
	}
}

SCENARIO(page_reports, device,
	 "a device's snapshot shows memory without access, and no memory, as an error, and a hole "
	 "as not mapped")
{
	struct device *device = &self->story.device;

	set_rule(RULE_OBSERVERS_AGREE);
	expect_result("the snapshot",
		      device_command(device, HMM_DMIRROR_SNAPSHOT, self->page, 1), 0);
	expect_result("what it shows", device->bounce[0],
		      variant->make == make_hole ? HMM_DMIRROR_PROT_NONE :
						   HMM_DMIRROR_PROT_ERROR);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_page_reports", argc, argv);
}
