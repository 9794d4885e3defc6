// SPDX-License-Identifier: GPL-2.0
/*
 * Two devices with private memory, and accesses to a page that is on the other
 * device
 *
 * A device cannot access the private memory of another one. Migration and the
 * driver's snapshot ignore such a page; an access migrates it back to memory,
 * as one by the CPU does. Coherent memory and system memory are accessed in
 * place.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>

#include "kernel/kernel.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(owners)
{
	struct story story;
	struct device other;	/* the second private device, which owns none of the pages */
};

FIXTURE_VARIANT(owners)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(owners, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(owners, private_ro) { .place = PLACE_PRIVATE, .read_only = true };
FIXTURE_VARIANT_ADD(owners, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(owners, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(owners, system_rw) { .place = PLACE_SYSTEM };

WHY_NOT(owners)
{
	if (!strcmp(test, "read_by_other_fails")) {
		if (variant->place != PLACE_PRIVATE)
			return "such a page is reached in place";
		if (!device_can_fail_allocation())
			return NO_FAILING_ALLOCATION;
	}
	return variant->place == PLACE_SYSTEM && !strcmp(test, "migrated_by_other") ?
		       "all devices may migrate pages of memory" :
		       NULL;
}

FIXTURE_SETUP(owners)
{
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	device_open_second_private(&self->other, BUFFER_PAGES_MAX);
}

FIXTURE_TEARDOWN(owners)
{
	story_end(&self->story);
	device_close(&self->other);
}

/*
 * Check the page after an access by the other device: a private page is in
 * memory, others have not moved.
 */
static void expect_reached(struct story *s, size_t page)
{
	set_rule(s->place == PLACE_PRIVATE ? RULE_OWNER_ALONE_REACHES : RULE_DEVICE_IN_PLACE);
	if (s->place == PLACE_PRIVATE)
		expect_at(s, page, PLACE_SYSTEM);
	else
		expect_stays(s, page);
	expect_mapped(s, page, s->read_only ? PERM_RO : PERM_RW);
}

SCENARIO(owners, snapshot,
	 "the snapshot of another device does not show a private page, and moves no page")
{
	struct story *s = &self->story;
	const enum place shown[PLACE_COUNT] = {
		[PLACE_PRIVATE] = PLACE_NOWHERE,
		[PLACE_COHERENT] = PLACE_REMOTE,
		[PLACE_SYSTEM] = PLACE_SYSTEM,
	};
	const enum permission allowed = s->read_only ? PERM_RO : PERM_RW;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		struct snapshot seen =
			device_snapshot(&self->other, buffer_page(&s->buffer, i));

		set_rule(s->place == PLACE_PRIVATE ? RULE_OWNER_ALONE_REACHES :
						     RULE_DEVICE_IN_PLACE);
		expect_same(seen.at == shown[s->place], "place for the other device",
			    place_name(shown[s->place]), place_name(seen.at));
		expect_same(seen.permission ==
				    (s->place == PLACE_PRIVATE ? PERM_NONE : allowed),
			    "permission for the other device",
			    permission_name(s->place == PLACE_PRIVATE ? PERM_NONE : allowed),
			    permission_name(seen.permission));
		set_rule(RULE_NOTHING_ELSE_CHANGES);
		expect_stays(s, i);
		expect_mapped(s, i, allowed);
	}
}

SCENARIO(owners, read_by_other,
	 "a read by another device migrates a private page to memory and returns its bytes; other "
	 "pages stay")
{
	struct story *s = &self->story;

	set_rule(s->place == PLACE_PRIVATE ? RULE_OWNER_ALONE_REACHES : RULE_DEVICE_IN_PLACE);
	expect_result("the other device's read", device_read(&self->other, s->buffer.addr, 1), 0);
	expect_bytes(self->other.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the other device reads");
	expect_reached(s, 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	expect_stays(s, 2);
	expect_owner_sees(s, 0, BY_OWNER);
}

/* do_swap_page() returns what migrate_to_ram() of the driver says. */
SCENARIO(owners, read_by_other_fails,
	 "if the driver gets no memory for a private page, a read by another device fails and the "
	 "page stays; the next read gets its bytes")
{
	struct story *s = &self->story;
	long result;

	device_fail_allocation(&s->device);
	set_rule(RULE_NO_PAGE_NO_MOVE);
	/* hmm_do_fault(); up to 7.2 hmm_vma_fault() makes it EFAULT */
	result = device_read(&self->other, s->buffer.addr, 1);
	expect(result == -ENOMEM || result == -EFAULT,
	       "a read by the other device returns %ld, not ENOMEM or EFAULT", result);
	expect_stays(s, 0);
	expect_result("the next read", device_read(&self->other, s->buffer.addr, 1), 0);
	expect_bytes(self->other.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the other device reads");
	expect_reached(s, 0);
}

SCENARIO(owners, written_by_other,
	 "a write by another device migrates a private page to memory; to a read-only mapping it "
	 "fails and moves nothing")
{
	struct story *s = &self->story;

	write_page(self->other.bounce, s->buffer.serial, 1, BY_DEVICE);
	if (s->read_only) {
		set_rule(RULE_WRITE_NEEDS_PERMISSION);
		expect_result("the other device's write",
			      device_write(&self->other, buffer_page(&s->buffer, 1), 1), -EPERM);
		expect_stays(s, 1);
	} else {
		set_rule(s->place == PLACE_PRIVATE ? RULE_OWNER_ALONE_REACHES :
						     RULE_DEVICE_IN_PLACE);
		expect_result("the other device's write",
			      device_write(&self->other, buffer_page(&s->buffer, 1), 1), 0);
		expect_reached(s, 1);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_stays(s, 2);
	expect_owner_sees(s, 1, s->read_only ? BY_OWNER : BY_DEVICE);
}

SCENARIO(owners, migrated_by_other,
	 "another device does not migrate the page, neither to itself nor back to memory")
{
	struct story *s = &self->story;

	set_rule(RULE_ONLY_FROM_SYSTEM);
	device_move_to(&self->other, s->buffer.addr, PAGES);
	expect_stays(s, 0);
	expect_stays(s, 2);
	set_rule(RULE_BACK);
	device_move_back(&self->other, s->buffer.addr, PAGES);
	expect_stays(s, 0);
	expect_stays(s, 2);
	expect_owner_sees(s, 1, BY_OWNER);
}

SCENARIO(owners, read_of_shared,
	 "a read by another device migrates a shared private page to memory for parent and child, "
	 "and the page stays shared")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(s->place == PLACE_PRIVATE ? RULE_OWNER_ALONE_REACHES : RULE_DEVICE_IN_PLACE);
	expect_result("the other device's read", device_read(&self->other, s->buffer.addr, 1), 0);
	expect_bytes(self->other.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the other device reads");
	if (s->place == PLACE_PRIVATE)
		expect_at(s, 0, PLACE_SYSTEM);
	else
		expect_stays(s, 0);
	expect(page_at(s->child.pid, s->buffer.addr).pfn == page_at(0, s->buffer.addr).pfn,
	       "parent and child do not share the page any more");
	expect_exclusive(s, 0, false);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * The devices do not read their own pages here: hmm_range_fault() would give
 * the driver a page without memory (docs/findings.md, private-mirror-fault).
 */
SCENARIO(owners, each_others,
	 "each of two private devices reads a page of the other one, which is migrated to memory, "
	 "and a page that is not read stays")
{
	struct story *s = &self->story;
	unsigned char *last = buffer_page(&s->buffer, PAGES - 1);

	set_rule(RULE_ENTRY);
	device_move_back(&s->device, last, 1);
	device_move_to(&self->other, last, 1);
	must(device_snapshot(&self->other, last).at == PLACE_PRIVATE,
	     "the last page was not migrated to the second private device");
	set_rule(RULE_OWNER_ALONE_REACHES);
	expect(device_snapshot(&s->device, last).at == PLACE_NOWHERE,
	       "the first device's snapshot shows the page of the second one");
	expect_result("the first device's read", device_read(&s->device, last, 1), 0);
	expect_bytes(s->device.bounce, s->buffer.serial, PAGES - 1, BY_OWNER,
		     "bytes that the first device reads");
	expect_at(s, PAGES - 1, PLACE_SYSTEM);
	expect_mapped(s, PAGES - 1, s->read_only ? PERM_RO : PERM_RW);
	expect_result("the second device's read", device_read(&self->other, s->buffer.addr, 1),
		      0);
	expect_bytes(self->other.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the second device reads");
	expect_reached(s, 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	expect_owner_sees(s, PAGES - 1, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_owners", argc, argv);
}
