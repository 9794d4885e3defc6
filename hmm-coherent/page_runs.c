// SPDX-License-Identifier: GPL-2.0
/*
 * Reports and changes of a range whose pages differ from each other: each page
 * of it must be treated as if it were asked for alone
 *
 * Walks of page tables skip ahead, join what is equal and remember the last
 * page. In a range of equal pages no error of that kind can be seen.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/counters.h"
#include "see/scan.h"
#include "story/story.h"

#define PAGES 8
#define OFFSET 1		/* of the mapping in its file, in pages */
#define CATEGORIES (PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO | PAGE_IS_FILE)

FIXTURE(page_runs)
{
	struct story story;
	unsigned char *map;
	int file;		/* -1: none */
};

FIXTURE_VARIANT(page_runs)
{
	bool of_file;
	int flags;
};

FIXTURE_VARIANT_ADD(page_runs, anonymous) { .flags = MAP_PRIVATE | MAP_ANONYMOUS };
FIXTURE_VARIANT_ADD(page_runs, shared) { .of_file = true, .flags = MAP_SHARED };
FIXTURE_VARIANT_ADD(page_runs, private_copy) { .of_file = true, .flags = MAP_PRIVATE };

WHY_NOT(page_runs)
{
	if (!strcmp(test, "scanned") && !scan_available())
		return "this kernel has no PAGEMAP_SCAN (6.7)";
	/* vma_is_shared_maywrite(), in madvise_remove() */
	return !strcmp(test, "removed") && variant->flags != MAP_SHARED ?
		       "MADV_REMOVE is only for shared mappings of files" :
		       NULL;
}

/* What the pages are, in the order of the range. No two neighbours are the same. */
enum state {
	STATE_NEVER_TOUCHED, STATE_WRITTEN, STATE_WAS_READ, STATE_IN_FILE_ONLY, STATE_ON_DEVICE
};

static const enum state states[PAGES] = {
	STATE_NEVER_TOUCHED, STATE_WRITTEN, STATE_NEVER_TOUCHED, STATE_WAS_READ,
	STATE_WRITTEN, STATE_IN_FILE_ONLY, STATE_NEVER_TOUCHED, STATE_ON_DEVICE,
};

static unsigned char *at(FIXTURE_DATA(page_runs) (*self), size_t page)
{
	return self->map + page * features.page_size;
}

static void make_page(FIXTURE_DATA(page_runs) (*self), size_t i, bool of_file, bool shared)
{
	static unsigned char bytes[65536] __aligned(8);
	const off_t place = (OFFSET + i) * features.page_size;

	if (states[i] == STATE_IN_FILE_ONLY && of_file) {
		write_page(bytes, 1, i, BY_OTHER);
		if (pwrite(self->file, bytes, features.page_size, place) < 0)
			syscall_failed("pwrite", errno);
	}
	if (states[i] == STATE_WRITTEN || states[i] == STATE_ON_DEVICE)
		write_page(at(self, i), 1, i, BY_OWNER);
	if (states[i] == STATE_WAS_READ)
		expect_zeros(at(self, i), "memory that was never written");
	if (states[i] == STATE_ON_DEVICE && !shared)
		device_move_to(&self->story.device, at(self, i), 1);
}

FIXTURE_SETUP(page_runs)
{
	const size_t page = features.page_size;
	size_t i;

	self->file = -1;
	story_begin(&self->story, PLACE_COHERENT, false, 1);
	if (variant->of_file) {
		self->file = memfd_create("page-runs", MFD_CLOEXEC);
		if (self->file < 0 || ftruncate(self->file, (OFFSET + PAGES) * page))
			syscall_failed("memfd_create", errno);
	}
	self->map = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, variant->flags, self->file,
			 variant->of_file ? OFFSET * page : 0);
	if (self->map == MAP_FAILED)
		syscall_failed("mmap", errno);
	set_rule(RULE_HOLE_IS_FILLED);
	for (i = 0; i < PAGES; i++)
		make_page(self, i, variant->of_file, variant->flags == MAP_SHARED);
	set_rule(RULE_REPORTED_BY_STATE);
}

FIXTURE_TEARDOWN(page_runs)
{
	unmap_memory(self->map, PAGES * features.page_size);
	if (self->file >= 0)
		close(self->file);
	story_end(&self->story);
}

/*
 * A mapping of the file where no page table is, in room that nothing else maps:
 * mincore() then has no entries to look at (mincore_unmapped_range()).
 */
static void expect_untouched(FIXTURE_DATA(page_runs) (*self))
{
	const size_t size = PAGES * features.page_size,
		     span = features.page_size / sizeof(uint64_t) * features.page_size;
	unsigned char *room = mmap(NULL, 2 * span, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *map;
	unsigned char all[PAGES] = { 0 };
	size_t i;

	if (room == MAP_FAILED)
		syscall_failed("mmap", errno);
	map = room + (span - (uintptr_t)room % span) % span;
	if (mmap(map, size, PROT_READ, MAP_SHARED | MAP_FIXED, self->file,
		 OFFSET * features.page_size) == MAP_FAILED)
		syscall_failed("mmap", errno);
	expect_result("mincore", errno_of(mincore(map, size, all)), 0);
	for (i = 0; i < PAGES; i++)
		expect(all[i] == (states[i] != STATE_NEVER_TOUCHED),
		       "page %zu: mincore() of a mapping without a page table says %d", i, all[i]);
	unmap_memory(room, 2 * span);
}

SCENARIO(page_runs, resident,
	 "mincore() of the range says of each page what it says of the page alone: that it was "
	 "written or read, or that its file has it")
{
	unsigned char all[PAGES] = { 0 }, one;
	size_t i;

	expect_result("mincore", errno_of(mincore(self->map, PAGES * features.page_size, all)), 0);
	for (i = 0; i < PAGES; i++) {
		const bool there = states[i] != STATE_NEVER_TOUCHED &&
				   (states[i] != STATE_IN_FILE_ONLY || variant->of_file);

		expect(all[i] == there, "page %zu: mincore() of the range says %d, not %d", i,
		       all[i], there);
		one = !there;
		expect_result("mincore of one page",
			      errno_of(mincore(at(self, i), features.page_size, &one)), 0);
		expect(one == there, "page %zu: mincore() of it alone says %d, not %d", i, one,
		       there);
	}
	if (variant->of_file)
		expect_untouched(self);
}

/* The categories of page @page in the regions that a scan has returned, or 0. */
static unsigned long category(const struct page_region *regions, long count,
			      const unsigned char *page)
{
	long i;

	for (i = 0; i < count; i++)
		if (regions[i].start <= (uintptr_t)page && (uintptr_t)page < regions[i].end)
			return regions[i].categories;
	return 0;
}

SCENARIO(page_runs, scanned,
	 "PAGEMAP_SCAN of the range reports each page with the categories of a scan of the page "
	 "alone, joins only equal ones, and continues where a full vector has stopped it")
{
	struct page_region all[PAGES] = { 0 }, one = { 0 };
	struct pm_scan_arg scan = {
		.size = sizeof(scan), .start = (uintptr_t)self->map,
		.end = (uintptr_t)self->map + PAGES * features.page_size,
		.vec = (uintptr_t)all, .vec_len = PAGES, .return_mask = CATEGORIES,
		.category_anyof_mask = CATEGORIES,
	};
	const long count = pages_scan(&scan);
	size_t i;

	must(count > 1, "the scan returns %ld", count);
	for (i = 0; i < PAGES; i++) {
		struct pm_scan_arg alone = scan;
		const unsigned long seen = category(all, count, at(self, i));
		long regions;

		alone.start = (uintptr_t)at(self, i);
		alone.end = alone.start + features.page_size;
		alone.vec = (uintptr_t)&one;
		alone.vec_len = 1;
		one.categories = 0;
		regions = pages_scan(&alone);
		expect(regions == !!one.categories, "page %zu: a scan of it alone returns %ld", i,
		       regions);
		expect(seen == one.categories,
		       "page %zu has categories 0x%lx in the range and 0x%llx alone", i, seen,
		       (unsigned long long)one.categories);
	}
	/* A scan that begins where the last one ended, with room for one region each time. */
	scan.vec = (uintptr_t)&one;
	scan.vec_len = 1;
	for (i = 0; i < (size_t)count; i++) {
		expect_result("a scan with room for one region", pages_scan(&scan), 1);
		expect(one.start == all[i].start && one.end == all[i].end &&
		       one.categories == all[i].categories,
		       "region %zu is not the same in a scan with room for one", i);
		scan.start = scan.walk_end;
	}
}

/*
 * clear_refs_pte_range(): 1 clears all, 2 those of anonymous memory, 3 those of
 * files, and 4 only the soft-dirty bits. A private mapping of a file is one of a
 * file.
 */
SCENARIO(page_runs, referenced,
	 "clear_refs clears the references of the mappings that the number names, and no others")
{
	static const struct {
		const char *number;
		bool of_anonymous, of_files;
	} requests[] = { { "4", false, false }, { "2", true, false }, { "3", false, true },
			 { "1", true, true } };
	const long resident = smaps_bytes(self->map, "Rss");
	bool cleared = false;
	char what[64];
	int error;
	size_t i;

	expect(resident > 0, "no page is resident");
	expect_result("Referenced", smaps_bytes(self->map, "Referenced"), resident);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		cleared |= variant->of_file ? requests[i].of_files : requests[i].of_anonymous;
		error = write_text("/proc/self/clear_refs", requests[i].number);
		if (error)
			syscall_failed("/proc/self/clear_refs", -error);
		snprintf(what, sizeof(what), "Referenced after %s to clear_refs",
			 requests[i].number);
		expect_result(what, smaps_bytes(self->map, "Referenced"), cleared ? 0 : resident);
		expect_result("Rss", smaps_bytes(self->map, "Rss"), resident);
	}
}

SCENARIO(page_runs, removed,
	 "MADV_REMOVE of pages in the middle of a mapping empties them, in the mapping and in the "
	 "file, and no others")
{
	static unsigned char bytes[65536] __aligned(8);
	const size_t page = features.page_size, first = 4, behind = 6;
	size_t i;

	set_rule(RULE_HOLE_IS_FILLED);
	for (i = 0; i < PAGES; i++)
		write_page(at(self, i), 1, i, BY_OWNER);
	expect_result("MADV_REMOVE",
		      errno_of(madvise(at(self, first), (behind - first) * page, MADV_REMOVE)), 0);
	for (i = 0; i < PAGES; i++) {
		if (pread(self->file, bytes, page, (OFFSET + i) * page) != (ssize_t)page)
			syscall_failed("pread", errno);
		if (i >= first && i < behind) {
			expect_zeros(bytes, "bytes of the file where they were removed");
			expect_zeros(at(self, i), "bytes of the mapping where they were removed");
		} else {
			expect_bytes(bytes, 1, i, BY_OWNER, "bytes of the file that stay");
			expect_bytes(at(self, i), 1, i, BY_OWNER, "bytes of the mapping that stay");
		}
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_page_runs", argc, argv);
}
