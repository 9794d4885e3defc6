// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of zeros that KSM replaces by the zero page (use_zero_pages), and the
 * count of them
 */
#include "suite/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/child.h"
#include "reach/cpu.h"
#include "reach/ksm.h"
#include "report/result.h"

#define KSM "/sys/kernel/mm/ksm/"
#define PAGES 4
#define MERGE_S 15

FIXTURE(ksm_zero)
{
	struct buffer zeros;
	long before;		/* ksm_zero_pages of this process */
};

WHY_NOT(ksm_zero)
{
	return kernel_has(CHANGE_ZERO_PAGES_COUNTED) ?
		       NULL :
		       "this kernel does not count the zero pages of KSM (before 6.6)";
}

/* The zero pages that KSM counts for this process. */
static long counted(void)
{
	return read_counter("/proc/self/ksm_stat", "ksm_zero_pages");
}

static bool are_merged(void *zeros)
{
	unsigned char *page = zeros;
	size_t i;

	for (i = 1; i < PAGES; i++)
		if (page_at(0, page + i * features.page_size).pfn != page_at(0, page).pfn)
			return false;
	return true;
}

FIXTURE_SETUP(ksm_zero)
{
	need(ksm_available(), SKIP_NO_KSM);
	need(!lockdep_saw_memory_added(), SKIP_LOCKDEP_STOPS_HOTPLUG);
	ksm_stop();
	change_setting(KSM "use_zero_pages", 1);
	self->zeros = (struct buffer){ .pages = PAGES, .size = PAGES * features.page_size,
				       .serial = 1 };
	self->zeros.addr = map_memory(self->zeros.size, PROT_READ | PROT_WRITE);
	memset(self->zeros.addr, 0, self->zeros.size);
	self->before = counted();
	set_rule(RULE_MERGED_IS_SHARED);
	must(self->before >= 0, "/proc/self/ksm_stat has no ksm_zero_pages");
	ksm_mergeable(self->zeros.addr, PAGES);
	ksm_start();
	must(wait_until(are_merged, self->zeros.addr, MERGE_S),
	     "KSM does not merge pages of zeros within %d s", MERGE_S);
	ksm_stop();
	set_rule(RULE_ZERO_PAGES_COUNTED);
}

FIXTURE_TEARDOWN(ksm_zero)
{
	ksm_stop();
	if (self->zeros.addr)
		unmap_memory(self->zeros.addr, self->zeros.size);
}

static unsigned char *page_of(FIXTURE_DATA(ksm_zero) (*self), size_t page)
{
	return buffer_page(&self->zeros, page);
}

/* @count of the pages are the zero page for KSM. */
static void expect_counted(FIXTURE_DATA(ksm_zero) (*self), long count)
{
	expect_result("zero pages that KSM counts", counted() - self->before, count);
}

SCENARIO(ksm_zero, replaced,
	 "the pages read as zeros, are counted, and a write gives each its own page")
{
	size_t i;

	expect_counted(self, PAGES);
	for (i = 0; i < PAGES; i++)
		expect_zeros(page_of(self, i), "a page of zeros");
	for (i = 0; i < PAGES; i++) {
		expect_result("a write", cpu_write(&self->zeros, i, 1, BY_OWNER),
			      features.page_size);
		expect_counted(self, PAGES - 1 - i);
	}
	expect_bytes(page_of(self, 1), 1, 1, BY_OWNER, "bytes that were written");
}

SCENARIO(ksm_zero, freed,
	 "MADV_DONTNEED, munmap() and mremap() of the pages are counted")
{
	const size_t size = features.page_size;
	unsigned char *to = map_memory(size, PROT_NONE);

	advise_memory(page_of(self, 0), size, MADV_DONTNEED);
	expect_counted(self, PAGES - 1);
	expect_zeros(page_of(self, 0), "memory that was freed");
	expect_counted(self, PAGES - 1);
	unmap_memory(page_of(self, 1), size);
	expect_counted(self, PAGES - 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	move_memory(page_of(self, 2), size, to);
	set_rule(RULE_ZERO_PAGES_COUNTED);
	expect_zeros(to, "the page that was moved");
	unmap_memory(to, size);
	unmap_memory(self->zeros.addr, self->zeros.size);
	self->zeros.addr = NULL;
	expect_counted(self, 0);
}

SCENARIO(ksm_zero, unmerged,
	 "MADV_UNMERGEABLE gives each its own page of zeros")
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_UNMERGEABLE",
		      errno_of(madvise(self->zeros.addr, self->zeros.size, MADV_UNMERGEABLE)), 0);
	set_rule(RULE_ZERO_PAGES_COUNTED);
	expect_counted(self, 0);
	expect(!are_merged(self->zeros.addr), "the pages are still one");
	expect_zeros(page_of(self, 0), "a page of zeros");
	expect_zeros(page_of(self, 3), "a page of zeros");
}

/* ksm_do_scan(): one page at a time, until the end of a scan or of the batch. */
SCENARIO(ksm_zero, scanned,
	 "pages_scanned counts the pages that ksmd looks at, no more than there are in each scan")
{
	const long scanned = read_number(KSM "pages_scanned"), scans = ksm_scans();
	long pages, times;

	ksm_start();
	must(ksm_scanned(3, MERGE_S), "ksmd does not scan three times within %d s", MERGE_S);
	ksm_stop();
	pages = read_number(KSM "pages_scanned") - scanned;
	times = ksm_scans() - scans;
	set_rule(RULE_MERGED_IS_SHARED);
	expect(pages >= 0 && pages <= 2 * PAGES * (times + 2),
	       "pages_scanned has grown by %ld in %ld scans of %d pages", pages, times, PAGES);
}

/* In the child: what KSM counts for it. */
static long counted_for_child(const struct buffer *zeros, long of_items)
{
	(void)zeros;
	return read_counter("/proc/self/ksm_stat",
			    of_items ? "ksm_rmap_items" : "ksm_merging_pages");
}

/* ksm_fork(). The parent has items most of the time: a scan may free those of its zero pages. */
SCENARIO(ksm_zero, forked,
	 "a child has no merged pages and no items of KSM before its memory is scanned, but the "
	 "zero pages of its parent")
{
	struct child child = { 0 };

	child_fork(&child);
	expect_result("items of the child",
		      child_call(&child, &self->zeros, counted_for_child, true), 0);
	expect_result("merged pages of the child",
		      child_call(&child, &self->zeros, counted_for_child, false), 0);
	child_leave(&child);
	expect_counted(self, PAGES);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ksm_zero", argc, argv);
}
