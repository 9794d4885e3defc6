// SPDX-License-Identifier: GPL-2.0
/*
 * The next access after pages of memory were migrated to a device
 *
 * Like next_access.c, for a translation to a page in memory. The bytes of the
 * page on the device are read and written by the device, which does not use the
 * TLB.
 */
#include "suite/harness.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 2

FIXTURE(next_access_to)
{
	struct story story;
	struct device device;
};

FIXTURE_VARIANT(next_access_to)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(next_access_to, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(next_access_to, private) { .place = PLACE_PRIVATE };

WHY_NOT(next_access_to)
{
	if (variant->place == PLACE_PRIVATE && !strcmp(test, "load_after_huge_moved"))
		return "the huge page is in memory, with each device";
	/*
	 * hmm_range_fault() would give the driver a page without memory
	 * (docs/findings.md, private-mirror-fault).
	 */
	return variant->place == PLACE_PRIVATE && !strcmp(test, "load_after_zero_page") ?
		       "the driver can access a page on its private device only through an entry "
		       "that it cached at migration" :
		       NULL;
}

FIXTURE_SETUP(next_access_to)
{
	story_begin(&self->story, PLACE_SYSTEM, false, PAGES);
	device_open(&self->device, variant->place, PAGES);
}

FIXTURE_TEARDOWN(next_access_to)
{
	device_close(&self->device);
	story_end(&self->story);
}

/*
 * Let the device write to page 0, which is on the device. With a stale
 * translation the CPU would read the old bytes.
 */
static void device_changes_page(struct device *device, struct story *s)
{
	write_page(device->bounce, s->buffer.serial, 0, BY_DEVICE);
	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("the device's write", device_write(device, s->buffer.addr, 1), 0);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_owner_sees(s, 0, BY_DEVICE);
}

SCENARIO(next_access_to, load_after_migration,
	 "a load after migration reads the bytes that the device has written")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	device_move_to(&self->device, s->buffer.addr, PAGES);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, variant->place);
	device_changes_page(&self->device, s);
}

SCENARIO(next_access_to, store_after_migration,
	 "a store after migration goes to the page on the device")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	device_move_to(&self->device, s->buffer.addr, PAGES);
	set_rule(RULE_NEXT_ACCESS_SEES);
	story_write(s, 0);
	expect_result("the device's read", device_read(&self->device, s->buffer.addr, 1), 0);
	expect_bytes(self->device.bounce, s->buffer.serial, 0, BY_OWNER_AGAIN,
		     "bytes that the device reads after the store");
}

SCENARIO(next_access_to, load_after_zero_page,
	 "a load after migration of the zero page reads the bytes that the device has written")
{
	struct story *s = &self->story;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_DONTNEED", madvise(s->buffer.addr, s->buffer.size, MADV_DONTNEED), 0);
	expect(!*(volatile uint64_t *)s->buffer.addr, "the zero page is not zero");
	device_move_to(&self->device, s->buffer.addr, 1);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, variant->place);
	device_changes_page(&self->device, s);
}

/* move_huge_pmd() moves one entry, if both addresses are multiples of the size. */
SCENARIO(next_access_to, load_after_huge_moved,
	 "a load from the old address of a huge page that mremap() moved gets SIGSEGV")
{
	struct huge_range range;
	struct buffer from = { .pages = PAGES, .size = PAGES * features.page_size,
			       .serial = self->story.buffer.serial };
	unsigned char *room, *to;

	huge_range_begin(&range, &self->story.device);
	room = map_memory(2 * range.size, PROT_NONE);
	to = (unsigned char *)(((uintptr_t)room + range.size - 1) & ~(range.size - 1));
	from.addr = range.addr;
	buffer_write(&from, 0, PAGES, BY_OWNER);
	cpu_use_translations(&from);
	move_memory(range.addr, range.size, to);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_result("a load", cpu_read(&from, 0, 1, NULL), KILLED_BY(SIGSEGV));
	expect_bytes(to, from.serial, 0, BY_OWNER, "bytes at the new address");
	move_memory(to, range.size, range.addr);
	unmap_memory(room, 2 * range.size);
	huge_range_end(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_next_access_to", argc, argv);
}
