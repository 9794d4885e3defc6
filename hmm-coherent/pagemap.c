// SPDX-License-Identifier: GPL-2.0
/*
 * pagemap and PAGEMAP_SCAN: the bits for pages of a file, pages that are mapped
 * once and protected pages, for small and huge pages, in memory and on devices
 */
#include "suite/harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/config.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/scan.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(pagemap)
{
	struct story story;
	int monitor;		/* a userfaultfd, -1: none */
	struct huge_range huge;
	int file;
};

FIXTURE_VARIANT(pagemap)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(pagemap, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(pagemap, private) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(pagemap, system) { .place = PLACE_SYSTEM };

WHY_NOT(pagemap)
{
	return strncmp(test, "scan", strlen("scan")) || scan_available() ?
		       NULL :
		       "this kernel has no PAGEMAP_SCAN (6.7)";
}

FIXTURE_SETUP(pagemap)
{
	self->monitor = -1;
	self->huge.map = NULL;
	self->file = -1;
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(pagemap)
{
	if (self->monitor >= 0)
		close(self->monitor);
	if (self->huge.map)
		huge_range_end(&self->huge);
	if (self->file >= 0)
		close(self->file);
	story_end(&self->story);
}

static void expect_bit(const char *what, bool seen, bool expected)
{
	set_rule(RULE_PAGEMAP_BY_PAGE);
	expect_same(seen == expected, what, expected ? "yes" : "no", seen ? "yes" : "no");
}

/* Check that each page is anonymous and, if it is present, whether it is mapped once. */
static void expect_small_pages(struct story *s, bool once)
{
	const bool present = s->place != PLACE_PRIVATE;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		struct page page = story_page(s, i);

		expect_bit("is the page present", page.present, present);
		expect_bit("is the page of a file (bit 61)", page.file, false);
		/* Before this change, bit 56 is also set for an entry that is not present. */
		if (present || kernel_has(CHANGE_SINGLE_IS_PRESENT))
			expect_bit("is the page present and mapped once (bit 56)", page.single,
				   present && once);
	}
}

SCENARIO(pagemap, mapped_once,
	 "pagemap reports a page as mapped once if it is present and no child maps it, and "
	 "anonymous pages as not of a file, on a device or not")
{
	struct story *s = &self->story;

	expect_small_pages(s, true);
	child_fork(&s->child);
	expect_small_pages(s, false);
	child_leave(&s->child);
	expect_small_pages(s, true);
	expect_stays(s, 0);
}

/* Allow huge pages for shared memory with MADV_HUGEPAGE. */
static void allow_huge_shared_memory(void)
{
	int error;

	restore_setting(THP "shmem_enabled");
	error = write_text(THP "shmem_enabled", "advise");
	if (error)
		syscall_failed(THP "shmem_enabled", -error);
}

SCENARIO(pagemap, of_a_file,
	 "pagemap reports shared memory as pages of a file and anonymous memory not, for small and "
	 "huge pages")
{
	struct story *s = &self->story;
	struct huge_range *huge = &self->huge;
	const size_t last = read_number(THP "hpage_pmd_size") / features.page_size - 1;
	struct page anonymous, anonymous_last;
	long fallbacks;
	bool is_huge;

	need(page_cache_can_be_huge(), SKIP_NO_HUGE_SHMEM);
	huge_range_begin(huge, &s->device);
	anonymous = page_at(0, huge->addr);
	anonymous_last = page_at(0, page_in(huge->addr, last));
	allow_huge_shared_memory();
	self->file = memfd_create("pagemap", MFD_CLOEXEC);
	if (self->file < 0 || ftruncate(self->file, huge->size))
		syscall_failed("memfd_create", errno);
	if (mmap(huge->addr, huge->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, self->file,
		 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
	advise_memory(huge->addr, huge->size, MADV_HUGEPAGE);
	fallbacks = read_counter("/proc/vmstat", "thp_file_fallback");
	write_page(huge->addr, s->buffer.serial, 0, BY_OWNER);
	is_huge = device_snapshot(&s->device, huge->addr).huge;
	if (!is_huge && read_counter("/proc/vmstat", "thp_file_fallback") > fallbacks)
		huge_memory_refused("a huge page");
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(is_huge, "shared memory with MADV_HUGEPAGE is mapped by small pages");
	expect_bit("is an anonymous huge page of a file", anonymous.file, false);
	expect_bit("is its last page", anonymous_last.file, false);
	expect_bit("is a huge page of shared memory of a file", page_at(0, huge->addr).file, true);
	expect_bit("is its last page", page_at(0, page_in(huge->addr, last)).file, true);
	protect_memory(huge->addr, features.page_size, PROT_READ);
	write_page(page_in(huge->addr, 1), s->buffer.serial, 1, BY_OWNER);
	expect_bit("is a small page of shared memory of a file",
		   page_at(0, page_in(huge->addr, 1)).file, true);
}

/* Let a child map all of the huge page except pages [first, first + count). */
static void share_in_part(FIXTURE_DATA(pagemap) (*self), size_t first, size_t count)
{
	struct story *s = &self->story;
	struct buffer range = { .addr = self->huge.addr,
				.pages = self->huge.pages,
				.size = self->huge.size,
				.serial = s->buffer.serial };

	child_fork(&s->child);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("the child's munmap", child_unmap(&s->child, &range, first, count), 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	must(device_snapshot(&s->device, self->huge.addr).huge,
	     "the parent's huge page is split by the child's munmap");
}

/* Check that bit 56 is set for pages [first, first + once) and for no others. */
static void expect_once(const struct page *pages, size_t count, size_t first, size_t once)
{
	size_t i, missed = 0, extra = 0;

	for (i = 0; i < count; i++) {
		const bool expected = i >= first && i < first + once;

		missed += expected && !pages[i].single;
		extra += !expected && pages[i].single;
	}
	set_rule(RULE_PAGEMAP_BY_PAGE);
	expect_result("pages mapped once that bit 56 misses", missed, 0);
	expect_result("pages mapped twice that bit 56 says are mapped once, in per cent",
		      per_cent(extra, count - once), 0);
}

SCENARIO(pagemap, huge_shared_in_part,
	 "if a child maps a part of a huge page, single reads of pagemap report for each page "
	 "whether it is mapped once")
{
	static struct page pages[PAGES_LOOK_MAX];
	struct huge_range *huge = &self->huge;
	size_t i;

	huge_range_begin(huge, &self->story.device);
	need(huge->pages <= PAGES_LOOK_MAX, SKIP_THP_TOO_LARGE);
	share_in_part(self, 0, 2);
	for (i = 0; i < huge->pages; i++)
		pages[i] = page_at(0, page_in(huge->addr, i));
	expect_once(pages, huge->pages, 0, 2);
}

SCENARIO(pagemap, huge_shared_in_part_at_once,
	 "the same with one read for all pages, and a child that does not map pages in the middle")
{
	static struct page pages[PAGES_LOOK_MAX];
	struct huge_range *huge = &self->huge;

	huge_range_begin(huge, &self->story.device);
	need(huge->pages <= PAGES_LOOK_MAX, SKIP_THP_TOO_LARGE);
	share_in_part(self, 5, 3);
	pages_look(huge->addr, huge->pages, pages);
	expect_once(pages, huge->pages, 5, 3);
}

SCENARIO(pagemap, scan_of_written,
	 "PAGEMAP_SCAN reports only the page that is not protected as written, for present and "
	 "private pages, with one and with two return categories")
{
	struct story *s = &self->story;
	const __u64 returned[] = { PAGE_IS_WRITTEN, PAGE_IS_WRITTEN | PAGE_IS_PRESENT };
	struct page_region regions[PAGES] = { 0 };
	size_t i;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(s->buffer.addr, s->buffer.size, 0);
	monitor_protect(self->monitor, s->buffer.addr, 2 * features.page_size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	for (i = 0; i < PAGES; i++)
		must(story_page(s, i).uffd_wp == (i < 2),
		     "page %zu is %sprotected", i, i < 2 ? "not " : "");
	for (i = 0; i < ARRAY_SIZE(returned); i++) {
		struct pm_scan_arg scan = { .size = sizeof(scan),
					    .start = (uintptr_t)s->buffer.addr,
					    .end = (uintptr_t)s->buffer.addr + s->buffer.size,
					    .vec = (uintptr_t)regions,
					    .vec_len = PAGES,
					    .category_mask = PAGE_IS_WRITTEN,
					    .return_mask = returned[i] };
		long found = pages_scan(&scan);

		set_rule(RULE_PAGEMAP_BY_PAGE);
		expect_result("regions of written pages", found, 1);
		if (found < 1)
			continue;
		expect_result("first page of the region",
			      (regions[0].start - (uintptr_t)s->buffer.addr) / features.page_size,
			      2);
		expect_result("pages of the region",
			      (regions[0].end - regions[0].start) / features.page_size, 1);
	}
	expect_stays(s, 0);
}

/* Check that @count pages at @addr are all protected (@on), or that none is. */
static void expect_protection(const char *what, unsigned char *addr, size_t count, bool on)
{
	size_t i, wrong = 0;

	for (i = 0; i < count; i++)
		wrong += page_at(0, page_in(addr, i)).uffd_wp != on;
	set_rule(RULE_PAGEMAP_BY_PAGE);
	expect_result(what, wrong, 0);
}

SCENARIO(pagemap, scan_protects_part,
	 "PAGEMAP_SCAN without a vector that protects a part of a huge page protects only that "
	 "part; the same for small pages")
{
	struct story *s = &self->story;
	struct huge_range *huge = &self->huge;
	struct pm_scan_arg scan = { .size = sizeof(scan),
				    .flags = PM_SCAN_WP_MATCHING,
				    .category_mask = PAGE_IS_WRITTEN };

	huge_range_begin(huge, &s->device);
	self->monitor = monitor_open(huge->addr, huge->size, MONITOR_LETS_WRITE);
	need(self->monitor >= 0, SKIP_NO_UFFD_WP);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("registration of small pages",
		      monitor_watch(self->monitor, s->buffer.addr, s->buffer.size), 0);
	scan.start = (uintptr_t)page_in(huge->addr, 4);
	scan.end = (uintptr_t)page_in(huge->addr, 8);
	expect_result("PAGEMAP_SCAN of a part of a huge page", pages_scan(&scan), 0);
	expect_protection("pages before that part that are protected", huge->addr, 4, false);
	expect_protection("pages of that part that are not protected",
			  page_in(huge->addr, 4), 4, true);
	expect_protection("pages behind that part that are protected", page_in(huge->addr, 8),
			  huge->pages - 8, false);
	scan.start = (uintptr_t)s->buffer.addr;
	scan.end = (uintptr_t)buffer_page(&s->buffer, 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("PAGEMAP_SCAN of small pages", pages_scan(&scan), 0);
	expect_protection("small pages of the range that are not protected",
			  s->buffer.addr, 2, true);
	expect_protection("small pages behind the range that are protected",
			  buffer_page(&s->buffer, 2), 1, false);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_pagemap", argc, argv);
}
