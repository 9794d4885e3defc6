// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings that are split, joined, moved in part and counted, with pages on a
 * coherent device in them
 *
 * A call that changes a part of a mapping splits it, and mappings that are alike
 * afterwards are joined. Whatever happens to the mappings, each page stays where
 * it was, and what the kernel counts and shows is right.
 */
#include "mappings.h"

/* Linux 5.7 has it; the C library may not. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* VmLck, in pages. */
static long locked(void)
{
	long kilobytes = read_counter("/proc/self/status", "VmLck");

	if (kilobytes < 0)
		broken("/proc/self/status has no VmLck");
	return kilobytes * 1024 / (long)features.page_size;
}

static void lock(FIXTURE_DATA(mappings) (*self), size_t first, size_t count)
{
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("mlock",
		      errno_of(mlock(page_of(self, first), count * features.page_size)), 0);
}

static void unlock(FIXTURE_DATA(mappings) (*self), size_t first, size_t count)
{
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("munlock",
		      errno_of(munlock(page_of(self, first), count * features.page_size)), 0);
}

/* Move two pages to TARGET; what is left at @first is a mapping without pages. */
static void move_leaving(FIXTURE_DATA(mappings) (*self), size_t first)
{
	const size_t size = 2 * features.page_size;

	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(page_of(self, first), size, size,
		    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		    page_of(self, TARGET)) == page_of(self, TARGET),
	     "mremap with MREMAP_DONTUNMAP: %s", strerror(errno));
}

SCENARIO(mappings, locked_part_moved,
	 "a part of locked memory that moves with MREMAP_DONTUNMAP takes its lock along; VmLck is "
	 "right before and after each part is unlocked or unmapped")
{
	const long before = locked();

	fill(self, FIRST);
	lock(self, FIRST, PAGES);
	expect_result("pages in VmLck", locked() - before, PAGES);
	move_leaving(self, FIRST + 2);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, 2);
	expect_pages(self, TARGET, 2, 2);
	expect_pages(self, FIRST + 4, 4, 2);
	expect_result("mapped pages where they were",
		      page_at(0, page_of(self, FIRST + 2)).at != PLACE_NOWHERE, 0);
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("pages in VmLck after mremap", locked() - before, PAGES);
	unlock(self, FIRST, PAGES);
	expect_result("pages in VmLck after munlock of the rest", locked() - before, 2);
	unmap_memory(page_of(self, TARGET), 2 * features.page_size);
	expect_result("pages in VmLck after munmap", locked() - before, 0);
}

SCENARIO(mappings, left_mapping_joins,
	 "what MREMAP_DONTUNMAP leaves behind is a mapping like a new one: it becomes one with a "
	 "new neighbour")
{
	const size_t size = 2 * features.page_size;

	/* A mapping whose pages were touched elsewhere. */
	fill(self, FIRST + 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(page_of(self, FIRST + 2), size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		    page_of(self, FIRST - 2)) == page_of(self, FIRST - 2),
	     "mremap: %s", strerror(errno));
	move_leaving(self, FIRST - 2);
	/*
	 * mprotect_fixup() of 7.3 takes VM_ACCOUNT off a mapping that was never
	 * touched: those that become read-only are not alike.
	 */
	protect_memory(page_of(self, FIRST - 2), size, PROT_READ | PROT_WRITE);
	map_pages(self, FIRST, 2);
	expect_mappings(self, "0-4 6-10 10-12");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, TARGET, 0, 2);
	expect_pages(self, FIRST + 4, 2, PAGES - 2);
}

SCENARIO(mappings, locked_across_parts,
	 "mlock() and munlock() of a range of which a part is as it should be: it is one mapping "
	 "then, and counted once")
{
	const long before = locked();

	fill(self, FIRST);
	lock(self, FIRST + 2, 2);
	expect_result("pages in VmLck", locked() - before, 2);
	expect_mappings(self, "2-4 4-6 6-8");
	lock(self, FIRST, PAGES);
	expect_result("pages in VmLck", locked() - before, PAGES);
	expect_mappings(self, "2-8");
	unlock(self, FIRST + 2, 2);
	expect_result("pages in VmLck", locked() - before, PAGES - 2);
	expect_mappings(self, "2-4 4-6 6-8");
	unlock(self, FIRST, PAGES);
	expect_result("pages in VmLck", locked() - before, 0);
	expect_mappings(self, "2-8");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
}

SCENARIO(mappings, end_grows,
	 "mremap() lets the end of a mapping grow where it is, asked for by an address inside of "
	 "it; all of it is one mapping")
{
	fill(self, FIRST);
	unmap_memory(page_of(self, FIRST + PAGES), 2 * features.page_size);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(page_of(self, FIRST + 4), 2 * features.page_size, 4 * features.page_size,
		    0) == page_of(self, FIRST + 4),
	     "mremap that grows from inside: %s", strerror(errno));
	expect_mappings(self, "2-10");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_zeros(page_of(self, FIRST + PAGES), "bytes of the page that is new");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_mappings", argc, argv);
}
