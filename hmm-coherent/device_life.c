// SPDX-License-Identifier: GPL-2.0
/*
 * Life cycle of a device: one of its files is closed, its memory is released
 * and set up again
 *
 * A real driver unbinds and resets a device while processes have pages on it.
 * The pages must be migrated to memory with their bytes and mapped as before,
 * and all pages of the device must be free then.
 */
#include "suite/harness.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(device_life)
{
	struct story story;
};

FIXTURE_VARIANT(device_life)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(device_life, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(device_life, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };

FIXTURE_SETUP(device_life)
{
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(device_life)
{
	story_end(&self->story);
}

/* The version decides, because eviction at close is tested. */
static void need_close_evicts(void)
{
	need(kernel_has(CHANGE_CLOSE_EVICTS), SKIP_NO_EVICTION);
}

static void open_and_close(enum place memory)
{
	struct device device;

	device_open(&device, memory, 1);
	device_close(&device);
}

/* The page is in memory of any node and zone: eviction follows no memory policy. */
static void expect_evicted(struct story *s, size_t page, bool exclusive)
{
	enum place at = story_page(s, page).at;

	expect(in_memory(at), "page %zu is %s, not in memory", page, place_name(at));
	expect_other_frame(s, page);
	expect_mapped(s, page, s->read_only || !exclusive ? PERM_RO : PERM_RW);
	expect_exclusive(s, page, exclusive);
	expect_owner_sees(s, page, BY_OWNER);
}

SCENARIO(device_life, other_file_closed,
	 "closing a file of the device migrates the pages of all processes to memory, mapped as "
	 "before, and they can be migrated again")
{
	struct story *s = &self->story;
	size_t i;

	need_close_evicts();
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	open_and_close(PLACE_REMOTE);
	expect_stays(s, 0);
	set_rule(RULE_CLOSE_EVICTS);
	open_and_close(PLACE_COHERENT);
	for (i = 0; i < PAGES; i++)
		expect_evicted(s, i, true);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	for (i = 0; i < PAGES; i++)
		expect_at(s, i, PLACE_COHERENT);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(device_life, closed_while_shared,
	 "eviction migrates pages for parent and child, which still share them, and a write then "
	 "makes a copy")
{
	struct story *s = &self->story;

	need_close_evicts();
	child_fork(&s->child);
	open_and_close(PLACE_COHERENT);
	set_rule(RULE_CLOSE_EVICTS);
	expect_evicted(s, 0, false);
	story_remember_frames(s);
	expect_child_keeps_frame(s, &s->child, 0);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_other_frame(s, 0);
	set_rule(RULE_NO_LEAK);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(device_life, closed_while_referenced,
	 "eviction leaves a referenced page on the device, mapped as before, and migrates its "
	 "neighbours")
{
	struct story *s = &self->story;

	need_close_evicts();
	story_hold(s, 1);
	open_and_close(PLACE_COHERENT);
	set_rule(RULE_PINNED_STAYS);
	expect_stays(s, 1);
	expect_mapped(s, 1, s->read_only ? PERM_RO : PERM_RW);
	expect_owner_sees(s, 1, BY_OWNER);
	set_rule(RULE_CLOSE_EVICTS);
	expect_evicted(s, 0, true);
	expect_evicted(s, 2, true);
	story_let_go(s);
	open_and_close(PLACE_COHERENT);
	expect_evicted(s, 1, true);
}

SCENARIO(device_life, memory_released,
	 "a release of the device's memory migrates all pages to memory; afterwards the device "
	 "takes pages again")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_CLOSE_EVICTS);
	expect_result("HMM_DMIRROR_RELEASE",
		      device_command(&s->device, HMM_DMIRROR_RELEASE, s->buffer.addr, 1), 0);
	for (i = 0; i < PAGES; i++)
		expect_evicted(s, i, true);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	for (i = 0; i < PAGES; i++) {
		expect_at(s, i, PLACE_COHERENT);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
		expect_owner_sees(s, i, BY_OWNER);
	}
	expect_exclusive(s, 0, true);
	expect_result("the device's read", device_read(&s->device, s->buffer.addr, 1), 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_device_life", argc, argv);
}
