// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that iommufd maps for a device behind an IOMMU, as VFIO does for a
 * virtual machine (S7)
 *
 * A mapping pins its pages for as long as it exists, so they must be in memory
 * first. The mock domain tells which page frames the IOMMU maps.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/limit.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/iommufd.h"
#include "story/registered.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(iommufd)
{
	struct story story;
	struct iommu iommu;
	unsigned char *bytes;	/* PAGES pages, for what the kernel reads and writes */
};

FIXTURE_VARIANT(iommufd)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(iommufd, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(iommufd, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(iommufd, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(iommufd, private_ro) { .place = PLACE_PRIVATE, .read_only = true };
FIXTURE_VARIANT_ADD(iommufd, movable_rw) { .place = PLACE_MOVABLE };
FIXTURE_VARIANT_ADD(iommufd, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(iommufd, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

WHY_NOT(iommufd)
{
	return kernel_has(CHANGE_IOMMUFD) ? NULL : "this kernel has no iommufd (6.2)";
}

FIXTURE_SETUP(iommufd)
{
	need(iommu_available(), SKIP_NO_IOMMUFD);
	if (variant->place == PLACE_MOVABLE)
		need(features.movable, SKIP_NO_MOVABLE);
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	iommu_open(&self->iommu);
	self->bytes = map_memory(self->story.buffer.size, PROT_READ | PROT_WRITE);
}

FIXTURE_TEARDOWN(iommufd)
{
	iommu_close(&self->iommu);
	unmap_memory(self->bytes, PAGES * features.page_size);
	story_end(&self->story);
}

static int map_all(FIXTURE_DATA(iommufd) (*self), bool write)
{
	return iommu_map(&self->iommu, self->story.buffer.addr, self->story.buffer.size, write);
}

static void attach(FIXTURE_DATA(iommufd) (*self))
{
	set_rule(RULE_IOMMU_MAPS_PINNED);
	expect_result("attachment of a device", iommu_attach(&self->iommu), 0);
}

/* The rule by which a pin moves the pages of the story to memory. */
static void set_rule_of_move(const struct story *s)
{
	static const enum rule_id rules[PLACE_COUNT] = {
		[PLACE_COHERENT] = RULE_LONGTERM_LEAVES_DEVICE,
		[PLACE_PRIVATE] = RULE_PRIVATE_FAULTS_BACK,
		[PLACE_MOVABLE] = RULE_LONGTERM_LEAVES_MOVABLE,
		[PLACE_SYSTEM] = RULE_NOTHING_ELSE_CHANGES,
	};

	set_rule(rules[s->place]);
}

/*
 * All pages are in memory now, with their bytes and permission, and the IOMMU
 * maps their frames.
 */
static void expect_for_the_iommu(FIXTURE_DATA(iommufd) (*self), enum writer writer)
{
	struct story *s = &self->story;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		set_rule_of_move(s);
		expect_at(s, i, PLACE_SYSTEM);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
		expect_owner_sees(s, i, writer);
	}
	set_rule(RULE_IOMMU_MAPS_PINNED);
	expect_result("comparison of the IOMMU's page frames with those of the process",
		      iommu_compare(&self->iommu, s->buffer.addr, s->buffer.size), 0);
	story_remember_frames(s);
}

/* A device reads the pages through the frames that are pinned. */
static void expect_device_reads(FIXTURE_DATA(iommufd) (*self), enum writer writer)
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_BYTES_ARRIVE);
	memset(self->bytes, 0, s->buffer.size);
	expect_result("a read by the IOMMU's frames",
		      iommu_read(&self->iommu, self->bytes, s->buffer.size), 0);
	for (i = 0; i < PAGES; i++)
		expect_bytes(self->bytes + i * features.page_size, s->buffer.serial, i, writer,
			     "bytes that a device reads");
}

/* A device writes the pages in the pattern of BY_OTHER. Returns 0 or -errno. */
static int device_writes(FIXTURE_DATA(iommufd) (*self))
{
	struct story *s = &self->story;
	size_t i;

	for (i = 0; i < PAGES; i++)
		write_page(self->bytes + i * features.page_size, s->buffer.serial, i, BY_OTHER);
	return iommu_write(&self->iommu, self->bytes, s->buffer.size);
}

SCENARIO(iommufd, mapped_to_read,
	 "memory that a device may read moves to system memory and is pinned there until it is "
	 "unmapped")
{
	struct story *s = &self->story;

	attach(self);
	set_rule_of_move(s);
	expect_result("map for reading", map_all(self, false), 0);
	expect_for_the_iommu(self, BY_OWNER);
	expect_pinned(s);
	expect_device_reads(self, BY_OWNER);
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	expect_result("a write by a device", device_writes(self), -EPERM);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("unmap", iommu_unmap(&self->iommu), 0);
	expect_unpinned(s);
	expect_owner_sees(s, PAGES - 1, BY_OWNER);
}

SCENARIO(iommufd, mapped_to_write,
	 "a device can write memory that is mapped for writing; a read-only mapping cannot be "
	 "mapped so, and stays where it is")
{
	struct story *s = &self->story;
	size_t i;

	attach(self);
	if (s->read_only) {
		set_rule(RULE_WRITE_NEEDS_PERMISSION);
		expect_result("map of read-only memory for writing", map_all(self, true), -EFAULT);
		for (i = 0; i < PAGES; i++)
			expect_stays(s, i);
	}
	story_make_writable(s);
	s->read_only = false;
	set_rule_of_move(s);
	expect_result("map for writing", map_all(self, true), 0);
	expect_for_the_iommu(self, BY_OWNER);
	expect_pinned(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a write by a device", device_writes(self), 0);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_OTHER);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("unmap", iommu_unmap(&self->iommu), 0);
	expect_unpinned(s);
}

SCENARIO(iommufd, half_placed,
	 "a mapping of pages of which one is in memory already moves the others and leaves that "
	 "one")
{
	struct story *s = &self->story;

	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	story_remember_frames(s);
	attach(self);
	set_rule_of_move(s);
	expect_result("map for reading", map_all(self, false), 0);
	if (s->place != PLACE_MOVABLE) {
		set_rule(RULE_NOTHING_ELSE_CHANGES);
		expect_same_frame(s, 1);
	}
	expect_for_the_iommu(self, BY_OWNER);
	expect_pinned(s);
}

SCENARIO(iommufd, shared,
	 "a mapping of memory that is shared after fork() replaces it by a copy, whether a device "
	 "writes or only reads; the child keeps its page")
{
	struct story *s = &self->story;
	size_t i;

	attach(self);
	child_fork(&s->child);
	set_rule(s->read_only ? RULE_PIN_UNSHARES : RULE_SHARED_IS_COPIED);
	expect_result("map", map_all(self, !s->read_only), 0);
	for (i = 0; i < PAGES; i++)
		expect_other_frame(s, i);
	set_rule(RULE_NO_LEAK);
	if (s->place != PLACE_PRIVATE)
		expect_child_keeps_frame(s, &s->child, 0);
	expect_for_the_iommu(self, BY_OWNER);
	if (!s->read_only) {
		set_rule(RULE_BYTES_ARRIVE);
		expect_result("a write by a device", device_writes(self), 0);
		expect_owner_sees(s, 0, BY_OTHER);
	}
	set_rule(RULE_NO_LEAK);
	for (i = 0; i < PAGES; i++)
		expect_child_sees(s, &s->child, i, BY_OWNER);
}

SCENARIO(iommufd, forked_afterwards,
	 "after fork() a mapping for a device still has the pages of the process that mapped it, "
	 "and the child gets copies")
{
	const enum place for_child = variant->place == PLACE_MOVABLE ? PLACE_MOVABLE : PLACE_SYSTEM;
	struct story *s = &self->story;
	size_t i;

	attach(self);
	set_rule_of_move(s);
	expect_result("map", map_all(self, !s->read_only), 0);
	expect_for_the_iommu(self, BY_OWNER);
	child_fork(&s->child);
	story_make_writable(s);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	for (i = 0; i < PAGES; i++) {
		story_write(s, i);
		expect_same_frame(s, i);
		expect_child_has_other_frame(s, &s->child, i, for_child);
	}
	expect_device_reads(self, BY_OWNER_AGAIN);
	set_rule(RULE_NO_LEAK);
	for (i = 0; i < PAGES; i++)
		expect_child_sees(s, &s->child, i, BY_OWNER);
}

SCENARIO(iommufd, attached_later,
	 "memory that is mapped without a device stays where it is; it moves and is pinned when a "
	 "device is attached")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_IOMMU_MAPS_PINNED);
	expect_result("map without a device", map_all(self, false), 0);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
	attach(self);
	expect_for_the_iommu(self, BY_OWNER);
	expect_pinned(s);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	iommu_close(&self->iommu);
	expect_unpinned(s);
}

SCENARIO(iommufd, unmapped_by_owner,
	 "a device reads the bytes of memory that the process has unmapped, until the mapping for "
	 "the device ends")
{
	struct story *s = &self->story;

	attach(self);
	set_rule_of_move(s);
	expect_result("map for reading", map_all(self, false), 0);
	expect_for_the_iommu(self, BY_OWNER);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	unmap_memory(s->buffer.addr, s->buffer.size);
	if (mmap(s->buffer.addr, s->buffer.size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != s->buffer.addr)
		syscall_failed("mmap", errno);
	expect_device_reads(self, BY_OWNER);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("unmap for the device", iommu_unmap(&self->iommu), 0);
}

SCENARIO(iommufd, read_without_pin,
	 "the kernel reads one page of the mapping where it is, and moves pages to memory to read "
	 "several")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_IOMMU_MAPS_PINNED);
	expect_result("map without a device", map_all(self, false), 0);
	set_rule(s->place == PLACE_PRIVATE ? RULE_PRIVATE_FAULTS_BACK : RULE_SHORT_PIN_STAYS);
	expect_result("a read of one page",
		      iommu_read(&self->iommu, self->bytes, features.page_size), 0);
	if (s->place == PLACE_PRIVATE)
		expect_at(s, 0, PLACE_SYSTEM);
	else
		expect_stays(s, 0);
	set_rule(RULE_BYTES_ARRIVE);
	expect_bytes(self->bytes, s->buffer.serial, 0, BY_OWNER, "bytes that the kernel reads");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	expect_device_reads(self, BY_OWNER);
	set_rule_of_move(s);
	for (i = 0; i < PAGES; i++)
		expect_at(s, i, PLACE_SYSTEM);
	expect_unpinned(s);
}

SCENARIO(iommufd, limited,
	 "a mapping beyond RLIMIT_MEMLOCK returns ENOMEM and leaves nothing pinned or counted; "
	 "VmPin counts the pages of a mapping until it ends")
{
	struct story *s = &self->story;

	attach(self);
	/* The user may not open it. */
	device_file(&s->device);
	limit_pinned_pages(PAGES - 1);
	set_rule(RULE_IOMMU_IS_ACCOUNTED);
	expect_result("map beyond the limit", map_all(self, false), -ENOMEM);
	expect_result("VmPin afterwards, in pages", pinned_pages(), 0);
	expect_unpinned(s);
	limit_pinned_pages(PAGES);
	set_rule(RULE_IOMMU_IS_ACCOUNTED);
	expect_result("map within the limit", map_all(self, false), 0);
	expect_result("VmPin while mapped, in pages", pinned_pages(), PAGES);
	expect_result("unmap", iommu_unmap(&self->iommu), 0);
	expect_result("VmPin after unmap, in pages", pinned_pages(), 0);
	expect_result("map within the limit, again", map_all(self, false), 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_iommufd", argc, argv);
}
