// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of large folios that are mapped one by one, as sources of migration to
 * a device: a huge page whose mapping was split, and an mTHP
 *
 * Up to 6.18 migration leaves such pages in memory; later it splits the folio.
 * Never may a page be lost, or a page outside of the range move.
 */
#include "suite/harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/swap.h"
#include "story/huge.h"

/* Pages of an mTHP. */
#define MTHP_PAGES 16

/* Documentation/admin-guide/mm/pagemap.rst */
#define KPF_COMPOUND_TAIL 16

FIXTURE(large)
{
	struct huge huge;
	struct buffer range;	/* the pages of the folio */
	enum place device;
};

FIXTURE_VARIANT(large)
{
	bool mthp;
	enum place device;
	bool read_only;
};

FIXTURE_VARIANT_ADD(large, split_coherent_rw) { .device = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(large, split_coherent_ro) { .device = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(large, split_private_rw) { .device = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(large, mthp_coherent_rw) { .mthp = true, .device = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(large, mthp_coherent_ro)
{ .mthp = true, .device = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(large, mthp_private_rw) { .mthp = true, .device = PLACE_PRIVATE };

WHY_NOT(large)
{
	if (variant->device == PLACE_PRIVATE &&
	    strstr("tracked_and_forked swapped_as_one with_another_size", test))
		return "pages in memory are the same for each device";
	if (!strcmp(test, "with_another_size") && !variant->mthp)
		return "only for large pages of two sizes";
	if (variant->device == PLACE_PRIVATE && !strcmp(test, "written_directly"))
		return "pages in memory are the same for each device";
	if (!strcmp(test, "unmapped")) {
		if (variant->mthp || variant->device == PLACE_PRIVATE)
			return "only huge pages in memory are counted";
		if (!kernel_has(CHANGE_DEFERRED_IN_PART))
			return "this kernel also counts what is unmapped as a whole (6.10)";
	}
	return variant->mthp && !kernel_has(CHANGE_MTHP) ? "this kernel has no mTHP (6.8)" : NULL;
}

/* Let the kernel map the first pages of the huge range by one mTHP. */
static void fill_mthp(FIXTURE_DATA(large) (*self))
{
	struct huge *h = &self->huge;
	char enabled[256];
	int error;

	snprintf(enabled, sizeof(enabled), THP "hugepages-%zukB/enabled",
		 MTHP_PAGES * features.page_size / 1024);
	need(!access(enabled, W_OK), SKIP_NO_THP);
	restore_setting(enabled);
	error = write_text(enabled, "always");
	if (error)
		syscall_failed(enabled, -error);
	/* No huge page fits into a VMA of this size. */
	advise_memory(h->addr, MTHP_PAGES * features.page_size, MADV_HUGEPAGE);
	buffer_write(&self->range, 0, MTHP_PAGES, BY_OWNER);
	if (h->story.read_only)
		protect_memory(h->addr, self->range.size, PROT_READ);
}

/* Map a huge page by a PMD, and let mprotect() of one page split the mapping. */
static void fill_split(FIXTURE_DATA(large) (*self))
{
	struct huge *h = &self->huge;
	const int prot = h->story.read_only ? PROT_READ : PROT_READ | PROT_WRITE;

	huge_fill(h, h->addr, true);
	/* Otherwise khugepaged may map it by a PMD again. */
	advise_memory(h->addr, h->size, MADV_NOHUGEPAGE);
	protect_memory(h->addr, features.page_size, PROT_NONE);
	protect_memory(h->addr, features.page_size, prot);
	/* Some kernels make a page writable only at the next write. */
	if (!h->story.read_only)
		buffer_write(&self->range, 0, 1, BY_OWNER);
}

FIXTURE_SETUP(large)
{
	struct huge *h = &self->huge;

	self->device = variant->device;
	huge_begin(h, variant->read_only);
	if (variant->device == PLACE_PRIVATE) {
		device_close(&h->device);
		device_open(&h->device, PLACE_PRIVATE, h->pages);
	}
	self->range = (struct buffer){ .addr = h->addr, .serial = h->story.buffer.serial,
				       .pages = variant->mthp ? MTHP_PAGES : h->pages };
	self->range.size = self->range.pages * features.page_size;
	if (variant->mthp)
		fill_mthp(self);
	else
		fill_split(self);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(!device_snapshot(&h->device, h->addr).huge, "the range is mapped by a huge page");
	if (!frame_has_flag(page_at(0, page_in(h->addr, 1)).pfn, KPF_COMPOUND_TAIL))
		not_prepared("the pages are not those of a large folio");
}

FIXTURE_TEARDOWN(large)
{
	huge_end(&self->huge);
}

/*
 * Pages [first, first + count) are on the device, all others in memory, each
 * with its permission and its bytes. Reading brings private pages back.
 */
static void expect_on_device(FIXTURE_DATA(large) (*self), size_t first, size_t count)
{
	struct huge *h = &self->huge;
	const enum permission mapped = h->story.read_only ? PERM_RO : PERM_RW;
	size_t i, misplaced = 0, mapped_wrong = 0, lost = 0;
	const size_t there = pages_at(page_in(h->addr, first), count, self->device);
	const size_t all = pages_at(h->addr, self->range.pages, self->device);

	misplaced = count - there + all - there;
	misplaced += pages_at(h->addr, self->range.pages, PLACE_NOWHERE);
	for (i = 0; i < self->range.pages; i += 7)
		mapped_wrong += device_snapshot(&h->device, page_in(h->addr, i)).permission !=
				mapped;
	for (i = 0; i < self->range.pages; i++)
		lost += read_page(page_in(h->addr, i), self->range.serial, i, BY_OWNER, BY_OTHER) !=
			DATA_OLD;
	expect_result("pages in the wrong place", misplaced, 0);
	expect_result("pages with another permission than before", mapped_wrong, 0);
	expect_result("pages with other bytes than before", lost, 0);
}

/* How many of @count pages that were to migrate this kernel migrates. */
static size_t migrated(size_t count)
{
	return kernel_has(CHANGE_LARGE_IS_SPLIT) ? count : 0;
}

SCENARIO(large, whole,
	 "migration of all pages splits the folio and moves each page, or leaves all in memory on "
	 "older kernels; migration back returns them")
{
	struct huge *h = &self->huge;

	huge_move_to_device(h, 0, self->range.pages);
	set_rule(RULE_LARGE_IS_SPLIT);
	expect_on_device(self, 0, migrated(self->range.pages));
	device_move_back(&h->device, h->addr, self->range.pages);
	set_rule(RULE_BACK);
	expect_on_device(self, 0, 0);
}

SCENARIO(large, part, "migration of some pages moves these and leaves the others in memory")
{
	struct huge *h = &self->huge;

	huge_move_to_device(h, 3, 5);
	set_rule(RULE_LARGE_IS_SPLIT);
	expect_on_device(self, 3, migrated(5));
	huge_move_to_device(h, self->range.pages - 1, 1);
	set_rule(RULE_LARGE_IS_SPLIT);
	expect_result("pages on the device at the end of the range",
		      page_at(0, page_in(h->addr, self->range.pages - 1)).at == self->device,
		      migrated(1));
}

SCENARIO(large, held,
	 "a reference to one page keeps the folio whole and in memory; after its release the pages "
	 "can be migrated")
{
	struct huge *h = &self->huge;

	story_hold_at(&h->story, page_in(h->addr, 7));
	huge_move_to_device(h, 3, 5);
	set_rule(RULE_PINNED_STAYS);
	expect_on_device(self, 0, 0);
	expect(frame_has_flag(page_at(0, page_in(h->addr, 1)).pfn, KPF_COMPOUND_TAIL),
	       "the folio is split although a page of it has a reference");
	story_let_go(&h->story);
	huge_move_to_device(h, 3, 5);
	set_rule(RULE_LARGE_IS_SPLIT);
	expect_on_device(self, 3, migrated(5));
}

SCENARIO(large, shared,
	 "after fork() the pages of a folio migrate in both processes, and each sees only its own "
	 "writes")
{
	struct huge *h = &self->huge;
	struct child *child = &h->story.child;
	size_t i, lost = 0;

	child_fork(child);
	huge_move_to_device(h, 3, 5);
	set_rule(RULE_ENTRY);
	for (i = 0; i < 10; i++) {
		struct page ours = page_at(0, page_in(h->addr, i));
		struct page theirs = page_at(child->pid, page_in(h->addr, i));

		expect_result("page on the device", ours.at == self->device,
			      i >= 3 && i < 8 && migrated(1));
		expect(ours.pfn == theirs.pfn,
		       "page %zu has frame 0x%lx here and 0x%lx in the child", i, ours.pfn,
		       theirs.pfn);
	}
	if (h->story.read_only)
		protect_memory(h->addr, self->range.size, PROT_READ | PROT_WRITE);
	set_rule(RULE_NO_LEAK);
	expect_result("the owner's write", cpu_write(&self->range, 4, 1, BY_OWNER_AGAIN),
		      features.page_size);
	for (i = 0; i < self->range.pages; i += i < 10 ? 1 : 37)
		lost += child_look(child, &self->range, i, BY_OWNER, BY_OWNER_AGAIN) != DATA_OLD;
	expect_result("pages with other bytes for the child", lost, 0);
	expect_bytes(page_in(h->addr, 4), self->range.serial, 4, BY_OWNER_AGAIN,
		     "bytes that the owner has written");
	expect_bytes(page_in(h->addr, 5), self->range.serial, 5, BY_OWNER,
		     "bytes next to it");
}

/* get_contig_folio_len(), since 6.13 */
SCENARIO(large, written_directly,
	 "O_DIRECT from pages of a folio of which one was replaced by a copy writes the copy's "
	 "bytes")
{
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	const size_t size = 3 * features.page_size;
	unsigned char *got;

	protect_memory(h->addr, self->range.size, PROT_READ | PROT_WRITE);
	story_medium(s, ON_RAW);
	got = s->medium.bounce;
	child_fork(&s->child);
	expect_result("a write", cpu_write(&self->range, 1, 1, BY_OWNER_AGAIN), features.page_size);
	/* The other pages are exclusive again, and no pin has to copy them. */
	child_leave(&s->child);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("O_DIRECT", errno_of(pwrite(s->medium.fd, h->addr, size, 0)), size);
	expect_result("O_DIRECT", errno_of(pread(s->medium.fd, got, size, 0)), size);
	expect_bytes(got, self->range.serial, 0, BY_OWNER, "page 0 of the medium");
	expect_bytes(page_in(got, 1), self->range.serial, 1, BY_OWNER_AGAIN,
		     "page 1 of the medium");
	expect_bytes(page_in(got, 2), self->range.serial, 2, BY_OWNER,
		     "page 2 of the medium");
}

/* __folio_remove_rmap(): only what stays mapped in part is worth a split. */
SCENARIO(large, unmapped,
	 "a huge page that is unmapped as a whole is not put on the list of those to be split")
{
	struct huge *h = &self->huge;
	const long before = read_counter("/proc/vmstat", "thp_deferred_split_page");

	need(in_guest(), SKIP_NOT_ALONE);
	/*
	 * Entries that differ are unmapped one batch after the other. On arm64 those of the
	 * page that was protected alone lack the contiguous bit (folio_pte_batch()).
	 */
	protect_memory(h->addr, self->range.size, PROT_NONE);
	protect_memory(h->addr, self->range.size, h->story.read_only ? PROT_READ :
		       PROT_READ | PROT_WRITE);
	unmap_memory(h->addr, self->range.size);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_result("huge pages to be split (thp_deferred_split_page)",
		      read_counter("/proc/vmstat", "thp_deferred_split_page") - before, 0);
}

/* page_vma_mapped_walk() goes on in the next page table. */
SCENARIO(large, over_two_tables,
	 "pages of a folio that mremap() has moved across the border of two page tables migrate "
	 "as others do, with their bytes")
{
	struct huge *h = &self->huge;
	unsigned char *room = map_memory(3 * h->size, PROT_NONE);
	const uintptr_t border = ((uintptr_t)room + 2 * h->size) & ~(h->size - 1);
	unsigned char *moved = (unsigned char *)border - 3 * features.page_size;
	size_t i, lost = 0;

	move_memory(h->addr, self->range.size, moved);
	device_move_to(&h->device, moved, self->range.pages);
	set_rule(RULE_LARGE_IS_SPLIT);
	expect_result("pages on the device", pages_at(moved, self->range.pages, self->device),
		      migrated(self->range.pages));
	for (i = 0; i < self->range.pages; i++)
		lost += read_page(page_in(moved, i), self->range.serial, i, BY_OWNER, BY_OTHER) !=
			DATA_OLD;
	expect_result("pages with other bytes than before", lost, 0);
	unmap_memory(room, 3 * h->size);
}

static size_t soft_dirty(FIXTURE_DATA(large) (*self), pid_t pid, size_t from)
{
	size_t i, count = 0;

	for (i = from; i < from + 4; i++)
		count += page_at(pid, page_in(self->huge.addr, i)).soft_dirty;
	return count;
}

/* copy_present_ptes() copies the entries of several pages at once. */
SCENARIO(large, tracked_and_forked,
	 "a child's pages of a folio are soft-dirty as those of the parent: the written ones, and "
	 "no other")
{
	struct child *child = &self->huge.story.child;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	protect_memory(self->huge.addr, self->range.size, PROT_READ | PROT_WRITE);
	clear_soft_dirty();
	expect_result("a write", cpu_write(&self->range, 4, 4, BY_OWNER), 4 * features.page_size);
	child_fork(child);
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_result("soft-dirty pages of the child before these",
		      soft_dirty(self, child->pid, 0), 0);
	expect_result("soft-dirty pages of the child", soft_dirty(self, child->pid, 4), 4);
	expect_result("soft-dirty pages of the child behind these",
		      soft_dirty(self, child->pid, 8), 0);
	expect_result("soft-dirty pages of the parent", soft_dirty(self, 0, 4), 4);
}

/* A folio that is mapped once has as many mappings as pages. */
SCENARIO(large, swapped_as_one,
	 "MADV_PAGEOUT of all pages of a folio swaps them out, and they come back with their bytes")
{
	struct huge *h = &self->huge;
	const size_t some = variant->mthp ? MTHP_PAGES : 1;
	size_t i, lost = 0;

	swap_on();
	drain_lru_batches();
	advise_memory(h->addr, self->range.size, MADV_PAGEOUT);
	set_rule(RULE_PAGED_OUT_ALONE);
	expect(pages_at(h->addr, self->range.pages, PLACE_SWAPPED) >= some,
	       "only %zu pages are swapped out",
	       pages_at(h->addr, self->range.pages, PLACE_SWAPPED));
	for (i = 0; i < self->range.pages; i++)
		lost += read_page(page_in(h->addr, i), self->range.serial, i, BY_OWNER, BY_OTHER) !=
			DATA_OLD;
	expect_result("pages with other bytes than before", lost, 0);
}

/* io_check_coalesce_buffer(): all folios but the first have the same number of pages. */
SCENARIO(large, with_another_size,
	 "a registered buffer of the end of one folio and the begin of a larger one has the bytes "
	 "of its pages, and unpins all")
{
	const size_t page = features.page_size, tail = 2, head = MTHP_PAGES + 4;
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	unsigned char *room = map_memory((tail + head) * page, PROT_NONE);

	story_ring(s);
	story_medium(s, ON_RAW);
	huge_fill(h, h->control, true);
	move_memory(page_in(h->addr, MTHP_PAGES - tail), tail * page, room);
	move_memory(h->control, head * page, page_in(room, tail));
	protect_memory(room, (tail + head) * page, PROT_READ | PROT_WRITE);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("registration", ring_register(&s->ring, room, (tail + head) * page), 0);
	expect_result("WRITE_FIXED", ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, room,
						   4 * page), 4 * page);
	expect_result("O_DIRECT", errno_of(pread(s->medium.fd, s->medium.bounce, 4 * page, 0)),
		      4 * page);
	expect(!memcmp(s->medium.bounce, room, 4 * page), "the medium has other bytes");
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	unmap_memory(room, (tail + head) * page);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_large", argc, argv);
}
