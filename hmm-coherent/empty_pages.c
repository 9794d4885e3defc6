// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that were never written: the zero page and holes, which are migrated as
 * empty pages
 */
#include "tracking.h"

#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/pin.h"

static enum permission as_mapped(const struct story *s)
{
	return s->read_only ? PERM_RO : PERM_RW;
}

/*
 * Check that two pages at @addr, which were never written, are exclusive empty
 * pages on the device.
 */
static void expect_empty_pages(struct story *s, unsigned char *addr)
{
	unsigned char *second = addr + features.page_size;
	const int prot = PROT_READ | PROT_WRITE;
	enum permission mapped = device_snapshot(&s->device, addr).permission;
	struct page before = page_at(0, second);

	set_rule(RULE_ENTRY);
	expect(page_at(0, addr).at == PLACE_COHERENT && before.at == PLACE_COHERENT,
	       "the pages are %s and %s, not on the device", place_name(page_at(0, addr).at),
	       place_name(before.at));
	expect(page_at(0, addr).pfn != before.pfn, "both pages have the same page frame");
	expect_same(mapped == as_mapped(s), "permission", permission_name(as_mapped(s)),
		    permission_name(mapped));
	set_rule(RULE_NO_LEAK);
	expect_zeros(addr, "the first empty page");
	expect_zeros(second, "the second empty page");
	if (s->read_only)
		protect_memory(addr, 2 * features.page_size, prot);
	write_page(second, s->buffer.serial, 1, BY_OWNER_AGAIN);
	expect_zeros(addr, "the first empty page after a write to the second");
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect(page_at(0, second).pfn == before.pfn,
	       "the write moved the page from frame 0x%lx to 0x%lx", before.pfn,
	       page_at(0, second).pfn);
}

/*
 * Map two pages apart from other mappings, so that they do not share an
 * anon_vma, and free two frames of the story for them: the driver hands out the
 * frames that were freed last.
 */
static unsigned char *map_two(struct story *s)
{
	unsigned char *addr = map_memory(4 * features.page_size, PROT_NONE);

	addr += features.page_size;
	protect_memory(addr, 2 * features.page_size, PROT_READ | (s->read_only ? 0 : PROT_WRITE));
	unmap_memory(buffer_page(&s->buffer, 1), 2 * features.page_size);
	return addr;
}

SCENARIO(tracking, zero_page,
	 "the zero page is not migrated: the process that maps it gets an exclusive empty page on "
	 "the device")
{
	struct story *s = &self->story;
	unsigned char *addr = map_two(s);

	set_rule(RULE_HOLE_IS_FILLED);
	expect_result("a read of empty pages",
		      cpu_read(&(struct buffer){ .addr = addr }, 0, 2, NULL),
		      2 * features.page_size);
	must(page_at(0, addr).pfn == page_at(0, addr + features.page_size).pfn,
	     "pages that were only read do not share the zero page");
	set_rule(RULE_ENTRY);
	expect_result("migration", device_migrate_to(&s->device, addr, 2), 0);
	expect_empty_pages(s, addr);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(tracking, empty_range,
	 "memory that was never touched is migrated as empty pages, without the bytes of the "
	 "frames' former users")
{
	struct story *s = &self->story;
	unsigned char *addr = map_two(s);

	set_rule(RULE_HOLE_IS_FILLED);
	must(page_at(0, addr).at == PLACE_NOWHERE,
	     "an address that was never touched has a page, which is %s",
	     place_name(page_at(0, addr).at));
	set_rule(RULE_ENTRY);
	expect_result("migration", device_migrate_to(&s->device, addr, 2), 0);
	expect_empty_pages(s, addr);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

/*
 * rmap must find this mapping of the frames, and not their former one:
 * __page_set_anon_rmap() of 6.1 does not change a page that still has an
 * anon_vma. A long-term pin migrates a page by rmap only. Migration of the
 * range would leave migration entries behind which rmap does not find again.
 */
SCENARIO(tracking, empty_range_rmap,
	 "rmap finds the current mapping of an empty page on a frame that another mapping had: a "
	 "long-term pin moves it")
{
	const struct pin_kind longterm = { .pin = true, .longterm = true };
	struct story *s = &self->story;
	unsigned char *addr;
	size_t i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	addr = map_two(s);
	device_move_to(&s->device, addr, 2);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	for (i = 0; i < 2; i++) {
		unsigned char *page = addr + i * features.page_size;

		set_rule(RULE_ENTRY);
		must(page_at(0, page).at == PLACE_COHERENT,
		     "empty page %zu was not migrated to the device: it is %s", i,
		     place_name(page_at(0, page).at));
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_result("bytes pinned of an empty page", pin_pages(longterm, page, 1),
			      features.page_size);
		expect(in_memory(page_at(0, page).at), "empty page %zu is %s after a long-term pin",
		       i, place_name(page_at(0, page).at));
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_empty_pages", argc, argv);
}
