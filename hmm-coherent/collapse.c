// SPDX-License-Identifier: GPL-2.0
/*
 * Collapse of small pages to a huge page, with pages on a coherent device
 *
 * MADV_COLLAPSE and khugepaged use the same function
 * (hpage_collapse_scan_pmd()), and neither may collapse a range while some of
 * its pages are on a device.
 */
#include "suite/harness.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "story/huge.h"

#define COLLAPSE_S 15
#define SCANS THP "khugepaged/full_scans"

/* There is no read-only variant: only writable memory is collapsed. */
FIXTURE(collapse)
{
	struct huge huge;
};

FIXTURE_SETUP(collapse)
{
	huge_begin(&self->huge, false);
}

FIXTURE_TEARDOWN(collapse)
{
	huge_end(&self->huge);
}

SCENARIO(collapse, by_advice,
	 "MADV_COLLAPSE of a range fails while one of its pages is on the device, and works after "
	 "that page has come back")
{
	struct huge *h = &self->huge;

	huge_fill(h, h->addr, false);
	advise_memory(h->addr, h->size, MADV_HUGEPAGE);
	huge_move_to_device(h, 7, 1);
	set_rule(RULE_NOT_COLLAPSED);
	expect_result("MADV_COLLAPSE", madvise(h->addr, h->size, MADV_COLLAPSE) ? -errno : 0,
		      -EINVAL);
	expect_huge_on_device(h, 7, 1);
	device_move_back(&h->device, page_in(h->addr, 7), 1);
	expect_result("MADV_COLLAPSE", madvise(h->addr, h->size, MADV_COLLAPSE) ? -errno : 0, 0);
	expect(device_snapshot(&h->device, h->addr).huge, "the range is not one huge page");
	expect_huge_on_device(h, 0, 0);
}

/*
 * The pages that are not written keep khugepaged away, which would make huge
 * pages of its own accord; MADV_COLLAPSE fills them.
 */
SCENARIO(collapse, within_its_range,
	 "MADV_COLLAPSE of two huge ranges of a mapping leaves the third one as it is")
{
	struct huge *h = &self->huge;
	unsigned char *map = map_memory(4 * h->size, PROT_READ | PROT_WRITE);
	unsigned char *range = map + (h->size - (uintptr_t)map % h->size) % h->size;
	size_t i;

	change_setting(THP "khugepaged/max_ptes_none", 0);
	for (i = 0; i < 3; i++)
		write_page(range + i * h->size, h->story.buffer.serial, i, BY_OWNER);
	advise_memory(range, 3 * h->size, MADV_HUGEPAGE);
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE", errno_of(madvise(range, 2 * h->size, MADV_COLLAPSE)), 0);
	for (i = 0; i < 3; i++) {
		expect_same(device_snapshot(&h->device, range + i * h->size).huge == (i < 2),
			    "the range", i < 2 ? "one huge page" : "small pages",
			    i < 2 ? "small pages" : "one huge page");
		expect_bytes(range + i * h->size, h->story.buffer.serial, i, BY_OWNER,
			     "bytes of its first page");
	}
	unmap_memory(map, 4 * h->size);
}

SCENARIO(collapse, in_part,
	 "MADV_COLLAPSE of two ranges of which one has a page on the device fails, although it "
	 "collapses the other")
{
	struct huge *h = &self->huge;
	const size_t last = h->pages - 1;

	huge_fill(h, h->addr, false);
	huge_fill(h, h->control, false);
	must(h->control == h->addr + h->size, "the control range is not behind the range");
	advise_memory(h->addr, 2 * h->size, MADV_HUGEPAGE);
	huge_move_to_device(h, last, 1);
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE", errno_of(madvise(h->addr, 2 * h->size, MADV_COLLAPSE)),
		      -EINVAL);
	expect_huge_on_device(h, last, 1);
}

static bool is_collapsed(void *huge)
{
	struct huge *h = huge;

	return device_snapshot(&h->device, h->control).huge;
}

SCENARIO(collapse, by_khugepaged,
	 "khugepaged does not collapse a range with a page on the device, but collapses the range "
	 "next to it")
{
	struct huge *h = &self->huge;
	const long failed = read_counter("/proc/vmstat", "thp_collapse_alloc_failed");
	bool collapsed, scanned;

	huge_fill(h, h->addr, false);
	huge_fill(h, h->control, false);
	huge_move_to_device(h, 7, 1);
	advise_memory(h->addr, 2 * h->size, MADV_HUGEPAGE);
	change_setting(THP "khugepaged/scan_sleep_millisecs", 1);
	change_setting(THP "khugepaged/pages_to_scan", 16 * h->pages);
	collapsed = wait_until(is_collapsed, h, COLLAPSE_S);
	scanned = wait_for_number(SCANS, read_number(SCANS) + 2, COLLAPSE_S);
	if (!collapsed && read_counter("/proc/vmstat", "thp_collapse_alloc_failed") > failed)
		huge_memory_refused("a huge page");
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(collapsed, "khugepaged does not collapse a range of memory within %d s", COLLAPSE_S);
	must(scanned, "khugepaged does not scan everything twice within %d s", COLLAPSE_S);
	set_rule(RULE_NOT_COLLAPSED);
	expect(!device_snapshot(&h->device, h->addr).huge,
	       "khugepaged collapsed a range with a page on the device");
	expect_huge_on_device(h, 7, 1);
}

/* collapse_huge_page() tells the devices that its pages are replaced. */
SCENARIO(collapse, mirrored,
	 "a device that has read a page reads, after MADV_COLLAPSE, what the CPU writes to the "
	 "huge page")
{
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	unsigned char *page = page_in(h->addr, 7);

	huge_fill(h, h->addr, false);
	advise_memory(h->addr, h->size, MADV_HUGEPAGE);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", device_read(&s->device, page, 1), 0);
	expect_result("MADV_COLLAPSE", errno_of(madvise(h->addr, h->size, MADV_COLLAPSE)), 0);
	write_page(page, s->buffer.serial, 7, BY_OWNER_AGAIN);
	expect_result("a read by the device", device_read(&s->device, page, 1), 0);
	expect_bytes(s->device.bounce, s->buffer.serial, 7, BY_OWNER_AGAIN,
		     "bytes that the device reads");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_collapse", argc, argv);
}
