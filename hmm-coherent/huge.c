// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of huge pages to a coherent device, whole or in part, and of
 * hugetlb memory
 *
 * The pages of the device are small, so a huge page must be split, and the part
 * that stays must keep its bytes.
 */
#include "suite/harness.h"

#include <errno.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "report/kmsg.h"
#include "see/scan.h"
#include "story/huge.h"

FIXTURE(huge)
{
	struct huge huge;
};

FIXTURE_VARIANT(huge)
{
	bool read_only;
};

FIXTURE_VARIANT_ADD(huge, coherent_rw) { .read_only = false };
FIXTURE_VARIANT_ADD(huge, coherent_ro) { .read_only = true };

FIXTURE_SETUP(huge)
{
	huge_begin(&self->huge, variant->read_only);
}

FIXTURE_TEARDOWN(huge)
{
	huge_end(&self->huge);
}

/* Number of kernel complaints since the log was opened as @log. */
static int complaints(int log)
{
	char text[1024];
	int count = 0, got;

	while ((got = kmsg_next(log, text, sizeof(text))) != 0) {
		if (got < 0)
			broken("the kernel log wrapped: complaints may be lost");
		count += kmsg_is_splat(text);
	}
	close(log);
	return count;
}

/*
 * On the device it may be mapped as one huge page or as small pages, as the
 * driver likes.
 */
SCENARIO(huge, whole,
	 "a huge page can be migrated to the device and back as a whole, without a complaint of "
	 "the kernel")
{
	struct huge *h = &self->huge;
	int log = kmsg_open();

	if (log < 0)
		not_prepared("the kernel log cannot be read: run as root");
	/* One kernel is known to complain. The complaint is counted below. */
	allow_second_chunk();
	huge_fill(h, h->addr, true);
	huge_move_to_device(h, 0, h->pages);
	set_rule(RULE_HUGE_IS_SPLIT);
	expect_huge_on_device(h, 0, h->pages);
	report_line("note:", "on the device it is mapped as %s",
		    device_snapshot(&h->device, h->addr).huge ? "one page" : "small pages");
	device_move_back(&h->device, h->addr, h->pages);
	set_rule(RULE_BACK);
	expect_huge_on_device(h, 0, 0);
	set_rule(RULE_HUGE_IS_SPLIT);
	expect_result("complaints of the kernel", complaints(log), 0);
}

SCENARIO(huge, part,
	 "some pages of a huge page can be migrated to the device; the others stay in memory with "
	 "their bytes")
{
	struct huge *h = &self->huge;

	huge_fill(h, h->addr, true);
	huge_move_to_device(h, 100, 5);
	set_rule(RULE_HUGE_IS_SPLIT);
	expect_huge_on_device(h, 100, 5);
	huge_move_to_device(h, 0, 1);
	huge_move_to_device(h, h->pages - 1, 1);
	expect(page_at(0, h->addr).at == PLACE_COHERENT, "the first page is not on the device");
	expect(page_at(0, page_in(h->addr, h->pages - 1)).at == PLACE_COHERENT,
	       "the last page is not on the device");
	device_move_back(&h->device, h->addr, h->pages);
	set_rule(RULE_BACK);
	expect_huge_on_device(h, 0, 0);
}

SCENARIO(huge, held,
	 "a huge page with a reference is not split and not migrated; after the release it can be "
	 "migrated")
{
	struct huge *h = &self->huge;

	huge_fill(h, h->addr, true);
	story_hold_at(&h->story, page_in(h->addr, 7));
	huge_move_to_device(h, 100, 5);
	set_rule(RULE_PINNED_STAYS);
	expect_huge_on_device(h, 0, 0);
	expect(device_snapshot(&h->device, h->addr).huge,
	       "the range is not mapped by a huge page any more");
	story_let_go(&h->story);
	huge_move_to_device(h, 100, 5);
	set_rule(RULE_HUGE_IS_SPLIT);
	expect_huge_on_device(h, 100, 5);
}

/* Let the range map the huge zero page. */
static void map_huge_zero_page(struct huge *h, int prot)
{
	const long failed = read_counter("/proc/vmstat", "thp_zero_page_alloc_failed");

	need(read_number(THP "use_zero_page") == 1, SKIP_NO_HUGE_ZERO_PAGE);
	advise_memory(h->addr, h->size, MADV_HUGEPAGE);
	protect_memory(h->addr, h->size, prot);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_zeros(h->addr, "memory that was never written");
	if (!device_snapshot(&h->device, h->addr).huge &&
	    read_counter("/proc/vmstat", "thp_zero_page_alloc_failed") > failed)
		huge_memory_refused("the huge zero page");
	must(device_snapshot(&h->device, h->addr).huge,
	     "a read of an empty range with MADV_HUGEPAGE does not map the huge zero page");
}

/* pagemap_thp_category() and pagemap_page_category() report the same of zeros. */
static void expect_scanned_as_zeros(struct huge *h)
{
	struct page_region region = { 0 };
	struct pm_scan_arg scan = {
		.size = sizeof(scan), .start = (uintptr_t)h->addr,
		.end = (uintptr_t)h->addr + h->size, .vec = (uintptr_t)&region, .vec_len = 1,
		.category_mask = PAGE_IS_PFNZERO, .return_mask = PAGE_IS_PFNZERO,
	};

	set_rule(RULE_PAGEMAP_BY_PAGE);
	expect_result("regions of zeros that PAGEMAP_SCAN reports", pages_scan(&scan), 1);
	expect_result("pages in it", (region.end - region.start) / features.page_size, h->pages);
}

SCENARIO(huge, zero_page,
	 "migration of a part of the huge zero page allocates empty pages on the device; the other "
	 "pages still read as zeros")
{
	struct huge *h = &self->huge;
	size_t i, misplaced = 0, changed = 0;

	map_huge_zero_page(h, h->story.read_only ? PROT_READ : PROT_READ | PROT_WRITE);
	if (scan_available())
		expect_scanned_as_zeros(h);
	huge_move_to_device(h, 100, 5);
	set_rule(RULE_HUGE_IS_SPLIT);
	for (i = 0; i < h->pages; i++) {
		unsigned char *addr = page_in(h->addr, i);

		changed += read_page(addr, h->story.buffer.serial, i, BY_OWNER, BY_OTHER) !=
			   DATA_ZERO;
		misplaced += (page_at(0, addr).at == PLACE_COHERENT) != (i >= 100 && i < 105);
	}
	expect_result("pages in the wrong place", misplaced, 0);
	expect_result("pages that are not zero", changed, 0);
}

/* do_huge_zero_wp_pmd() replaces all of it, do_huge_pmd_wp_page() of 6.1 one page. */
SCENARIO(huge, zero_page_written,
	 "a device that has read the huge zero page reads what the CPU then writes to a page of it")
{
	struct huge *h = &self->huge;
	unsigned char *page = page_in(h->addr, 100);

	map_huge_zero_page(h, PROT_READ | PROT_WRITE);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", device_read(&h->device, page, 1), 0);
	expect_result("a read by the device", device_read(&h->device, page, 1), 0);
	expect_result("faults of a read that the device repeats", h->device.faults, 0);
	write_page(page, h->story.buffer.serial, 100, BY_OWNER);
	expect_result("a read by the device", device_read(&h->device, page, 1), 0);
	expect_bytes(h->device.bounce, h->story.buffer.serial, 100, BY_OWNER,
		     "bytes that the device reads");
	expect_zeros(page_in(h->addr, 101), "the page behind it");
}

/* __discard_anon_folio_pmd_locked(), since 6.11; try_to_unmap_one() of a page before */
SCENARIO(huge, freed_then_written,
	 "reclaim keeps a huge page of which one page was written after MADV_FREE, with these "
	 "bytes")
{
	struct huge *h = &self->huge;
	unsigned char *page = page_in(h->addr, 100);

	huge_fill(h, h->addr, true);
	protect_memory(h->addr, h->size, PROT_READ | PROT_WRITE);
	advise_memory(h->addr, h->size, MADV_FREE);
	write_page(page, h->story.buffer.serial, 100, BY_OWNER_AGAIN);
	drain_lru_batches();
	advise_memory(h->addr, h->size, MADV_PAGEOUT);
	set_rule(RULE_DIRTY_OUTLIVES);
	expect_bytes(page, h->story.buffer.serial, 100, BY_OWNER_AGAIN,
		     "bytes that were written after MADV_FREE");
}

#define HUGETLB "/proc/sys/vm/nr_hugepages"

SCENARIO(huge, hugetlb,
	 "migration of hugetlb memory returns EINVAL, and the memory keeps its page and its bytes")
{
	struct huge *h = &self->huge;
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	struct story *s = &h->story;
	const long before = read_number(HUGETLB);
	unsigned long frame, after;
	unsigned char *huge;
	long result;

	need(before >= 0, SKIP_NO_HUGETLB);
	change_setting(HUGETLB, before + 1);
	if (read_number(HUGETLB) <= before)
		huge_memory_refused("a page of hugetlb");
	huge = mmap(NULL, h->size, prot, flags, -1, 0);
	if (huge == MAP_FAILED)
		syscall_failed("mmap of hugetlb memory", errno);
	write_page(huge, s->buffer.serial, 0, BY_OWNER);
	if (s->read_only)
		protect_memory(huge, h->size, PROT_READ);
	frame = page_at(0, huge).pfn;
	result = device_migrate_to(&h->device, huge, 1);
	after = page_at(0, huge).pfn;
	set_rule(RULE_HUGETLB_REFUSED);
	expect_result("migration", result, -EINVAL);
	expect(after == frame, "hugetlb memory moved from frame 0x%lx to 0x%lx", frame, after);
	expect_bytes(huge, s->buffer.serial, 0, BY_OWNER, "bytes of hugetlb memory");
	unmap_memory(huge, h->size);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_huge", argc, argv);
}
