// SPDX-License-Identifier: GPL-2.0
/*
 * Split, merge, partial move and accounting of mappings with pages on a
 * coherent device
 *
 * A call that changes a part of a mapping splits it, and adjacent mappings that
 * are compatible afterwards are merged. In all cases each page must stay where
 * it is, and the counters and files of the kernel must be right.
 */
#include "mappings.h"

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/counters.h"

/* Since Linux 4.4, 5.7 and 6.11; the C library may be older. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

WHY_NOT(mappings)
{
	(void)variant;
	return !strcmp(test, "droppable_is_not_locked") && !kernel_has(CHANGE_DROPPABLE) ?
		       "this kernel has no MAP_DROPPABLE (6.11)" :
		       NULL;
}

/* VmLck, in pages. */
static long locked(void)
{
	long kilobytes = read_counter("/proc/self/status", "VmLck");

	if (kilobytes < 0)
		not_prepared("/proc/self/status has no VmLck");
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

/* Move two pages to TARGET, and leave a mapping without pages at @first. */
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
	 "a part of locked memory that is moved with MREMAP_DONTUNMAP stays locked, and VmLck is "
	 "right after each munlock() and munmap()")
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
	expect_result("is a page mapped at the old address",
		      page_at(0, page_of(self, FIRST + 2)).at != PLACE_NOWHERE, 0);
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("pages in VmLck after mremap", locked() - before, PAGES);
	unlock(self, FIRST, PAGES);
	expect_result("pages in VmLck after munlock of the rest", locked() - before, 2);
	unmap_memory(page_of(self, TARGET), 2 * features.page_size);
	expect_result("pages in VmLck after munmap", locked() - before, 0);
}

SCENARIO(mappings, left_mapping_joins,
	 "the mapping that MREMAP_DONTUNMAP leaves behind is merged with a new adjacent mapping")
{
	const size_t size = 2 * features.page_size;

	/* Make a mapping whose pages were faulted in at another address. */
	fill(self, FIRST + 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	move_memory(page_of(self, FIRST + 2), size, page_of(self, FIRST - 2));
	move_leaving(self, FIRST - 2);
	/*
	 * mprotect_fixup() of 7.3 clears VM_ACCOUNT of an untouched mapping
	 * that becomes read-only, so that it cannot be merged: make it
	 * writable.
	 */
	protect_memory(page_of(self, FIRST - 2), size, PROT_READ | PROT_WRITE);
	map_pages(self, FIRST, 2);
	expect_mappings(self, "0-4 6-10 10-12");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, TARGET, 0, 2);
	expect_pages(self, FIRST + 4, 2, PAGES - 2);
}

SCENARIO(mappings, locked_across_parts,
	 "mlock() and munlock() of a range of which a part is already locked or unlocked leave one "
	 "mapping, whose pages are counted once")
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
	 "mremap() of the end of a mapping extends it in place, and the result is one mapping")
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
	expect_zeros(page_of(self, FIRST + PAGES), "bytes of the new page");
}

static void watch(FIXTURE_DATA(mappings) (*self), size_t first, size_t count)
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch(self->monitor, page_of(self, first),
				    count * features.page_size), 0);
}

/*
 * Up to 6.3, userfaultfd_register() merges nothing if the range begins inside of
 * a mapping (5543d3c43c5f "mm/uffd: allow vma to merge as much as possible"). So
 * each range that is to be merged begins with a mapping.
 */
SCENARIO(mappings, watched_in_parts,
	 "userfaultfd splits a mapping of which it watches a part; adjacent parts that it watches "
	 "are one mapping, and those that it does not watch any more, too")
{
	const size_t size = features.page_size;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	fill(self, FIRST);
	self->monitor = monitor_open(page_of(self, FIRST + 4), 2 * size, 0);
	expect_mappings(self, "2-6 6-8");
	watch(self, FIRST, 4);
	expect_mappings(self, "2-8");
	monitor_leave(self->monitor, page_of(self, FIRST + 2), size);
	expect_mappings(self, "2-4 4-5 5-8");
	watch(self, FIRST + 2, 1);
	expect_mappings(self, "2-8");
	monitor_leave(self->monitor, page_of(self, FIRST + 4), 2 * size);
	expect_mappings(self, "2-6 6-8");
	monitor_leave(self->monitor, page_of(self, FIRST), 4 * size);
	expect_mappings(self, "2-8");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
}

/*
 * mremap() without UFFD_FEATURE_EVENT_REMAP ends the watch of what it moves
 * (mremap_userfaultfd_prep()), which may have become one mapping with its new neighbour.
 */
SCENARIO(mappings, watched_beside_moved,
	 "a page that userfaultfd watches stays watched when mremap() moves another one that it "
	 "watches to beside it")
{
	const size_t size = features.page_size;
	struct uffdio_writeprotect protect = { .range = { (uintptr_t)page_of(self, FIRST), size },
					       .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	fill(self, FIRST);
	self->monitor = monitor_open(page_of(self, FIRST), size, 0);
	move_memory(page_of(self, FIRST + 1), size, page_of(self, TARGET));
	watch(self, TARGET, 1);
	move_memory(page_of(self, TARGET), size, page_of(self, FIRST + 1));
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("UFFDIO_WRITEPROTECT of the page beside that which moved",
		      errno_of(ioctl(self->monitor, UFFDIO_WRITEPROTECT, &protect)), 0);
	expect_pages(self, FIRST, 0, PAGES);
}

SCENARIO(mappings, untouched_joins,
	 "memory with pages that becomes as its neighbour, which has no pages, is one mapping with "
	 "it")
{
	const size_t size = PAGES * features.page_size;

	fill(self, FIRST);
	protect_memory(page_of(self, FIRST), size, PROT_READ);
	map_pages(self, FIRST - 2, 2);
	expect_mappings(self, "0-2 2-8");
	protect_memory(page_of(self, FIRST), size, PROT_READ | PROT_WRITE);
	expect_mappings(self, kernel_has(CHANGE_UNTOUCHED_JOINS) ? "0-8" : "0-2 2-8");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
}

SCENARIO(mappings, locked_becomes_writable,
	 "locked memory that was only read has pages of its own as soon as it is writable")
{
	size_t i;

	map_pages(self, FIRST, 2);
	protect_memory(page_of(self, FIRST), 2 * features.page_size, PROT_READ);
	lock(self, FIRST, 2);
	protect_memory(page_of(self, FIRST), 2 * features.page_size, PROT_READ | PROT_WRITE);
	set_rule(RULE_LOCKED_AS_MEMORY);
	for (i = 0; i < 2; i++)
		expect(frame_has_flag(page_at(0, page_of(self, FIRST + i)).pfn, KPF_ANON),
		       "page %zu is no memory of the process", i);
	unlock(self, FIRST, 2);
}

/* copy_vma(): the source keeps its mapping, so the target must not become a part of it. */
SCENARIO(mappings, left_beside,
	 "locked memory without pages that MREMAP_DONTUNMAP moves beside itself stays locked, and "
	 "what it leaves is not")
{
	const size_t size = 2 * features.page_size;
	const long before = locked();

	map_pages(self, FIRST, 2);
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("mlock2",
		      errno_of(syscall(SYS_mlock2, page_of(self, FIRST), size, MLOCK_ONFAULT)), 0);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(page_of(self, FIRST), size, size,
		    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		    page_of(self, FIRST + 2)) == page_of(self, FIRST + 2),
	     "mremap with MREMAP_DONTUNMAP: %s", strerror(errno));
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("pages in VmLck", locked() - before, 2);
	unlock(self, FIRST + 2, 2);
	expect_result("pages in VmLck after munlock", locked() - before, 0);
}

/* __get_unmapped_area(): only a size that is a multiple of a huge page is aligned to it. */
SCENARIO(mappings, odd_sizes_join,
	 "memory that is mapped at no given address, of more than a huge page but no multiple of "
	 "it, joins what was mapped before")
{
	const size_t page = features.page_size, size = page / 8 * page + page;
	unsigned char *at[3];
	size_t i, joined = 0;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		at[i] = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at[i] == MAP_FAILED)
			syscall_failed("mmap", errno);
		joined += i && (at[i] + size == at[i - 1] || at[i - 1] + size == at[i]);
	}
	set_rule(RULE_MAPPINGS_JOIN);
	expect(joined, "none of three mappings joins another: %p, %p, %p", (void *)at[0],
	       (void *)at[1], (void *)at[2]);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		unmap_memory(at[i], size);
}

/* __get_unmapped_area(): a mapping with a hint is not aligned to a huge page. */
SCENARIO(mappings, hint_is_taken,
	 "memory of the size of a huge page is mapped at the address that its caller asks for, if "
	 "no more than that is free there")
{
	const size_t page = features.page_size, size = page / 8 * page;
	unsigned char *room = map_memory(2 * size, PROT_NONE), *hint = room + page, *at;

	hint += (uintptr_t)hint % size ? 0 : page;
	unmap_memory(hint, size);
	at = mmap(hint, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		syscall_failed("mmap", errno);
	set_rule(RULE_MAPPINGS_JOIN);
	expect(at == hint, "the mapping is at %p, not at %p", (void *)at, (void *)hint);
	unmap_memory(at, size);
	unmap_memory(room, 2 * size);
}

/* vma_supports_mlock() */
SCENARIO(mappings, droppable_is_not_locked,
	 "mlock() of droppable memory succeeds and locks nothing; the memory beside it is locked")
{
	const size_t size = 2 * features.page_size;
	const long before = locked();

	map_pages(self, FIRST, 2);
	if (mmap(page_of(self, FIRST + 2), size, PROT_READ | PROT_WRITE,
		 MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
	lock(self, FIRST, 4);
	expect_result("pages in VmLck", locked() - before, 2);
	expect_byte_count("Locked of the droppable memory",
			  smaps_bytes(page_of(self, FIRST + 2), "Locked"), 0);
	unlock(self, FIRST, 4);
	expect_result("pages in VmLck after munlock", locked() - before, 0);
}

static void expect_charged(const void *addr, const char *what)
{
	char flags[128] = "";

	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect(smaps_text(addr, "VmFlags", flags, sizeof(flags)) && strstr(flags, " ac"),
	       "%s is not charged: its VmFlags are%s", what, flags);
}

/* unmap_source_vma(): address 0 is where a mapping begins, and not none. */
SCENARIO(mappings, moved_out_of_first,
	 "what mremap() leaves of a mapping that begins at address 0 stays charged, on both sides")
{
	const size_t size = features.page_size;
	unsigned char *at = (unsigned char *)size;

	if (mmap(at - size, 3 * size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at - size)
		syscall_failed("mmap at address 0", errno);
	expect_charged(at - size, "a mapping at address 0");
	set_rule(RULE_LEGAL_CALLS_WORK);
	move_memory(at, size, page_of(self, TARGET));
	expect_charged(at - size, "what is in front of the part");
	expect_charged(at + size, "what is behind it");
	expect_charged(page_of(self, TARGET), "the part");
	unmap_memory(at - size, size);
	unmap_memory(at + size, size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_mappings", argc, argv);
}
