// SPDX-License-Identifier: GPL-2.0
/*
 * KSM and pages on a coherent device: pages on a device are not merged, and a
 * merged page is migrated there and back as one page
 *
 * KSM replaces equal pages of several processes by one page. If that were a
 * page on a device, memory of processes that do not use the device would move
 * there.
 */
#include "suite/harness.h"

#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "reach/ksm.h"
#include "story/story.h"

#define MERGE_S 15

FIXTURE(ksm)
{
	struct story story;
	/* two equal pages each; the bytes of @twins and @others differ */
	unsigned char *twins, *others;
};

FIXTURE_SETUP(ksm)
{
	need(ksm_available(), SKIP_NO_KSM);
	/*
	 * ksmd would complete the lock cycle of the driver: docs/findings.md,
	 * test-hmm-lock-order.
	 */
	need(!lockdep_saw_memory_added(), SKIP_LOCKDEP_STOPS_HOTPLUG);
	/* An earlier scenario that was aborted may have left it running. */
	ksm_stop();
	story_begin(&self->story, PLACE_COHERENT, false, 1);
	self->twins = ksm_map_equal(2, self->story.buffer.serial, BY_CHILD);
	self->others = ksm_map_equal(2, self->story.buffer.serial, BY_OTHER);
}

FIXTURE_TEARDOWN(ksm)
{
	ksm_stop();
	unmap_memory(self->twins, 2 * features.page_size);
	unmap_memory(self->others, 2 * features.page_size);
	story_end(&self->story);
}

static struct page second_of(unsigned char *twins)
{
	return page_at(0, twins + features.page_size);
}

/*
 * Let KSM run until it has merged @others and has then completed three more
 * scans, so that it has merged everything that it can.
 */
static void merge_all(FIXTURE_DATA(ksm) (*self))
{
	ksm_mergeable(self->others, 2);
	ksm_start();
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(wait_until(ksm_are_merged, self->others, MERGE_S),
	     "KSM does not merge two equal pages of memory within %d s", MERGE_S);
	must(ksm_scanned(3, MERGE_S), "KSM does not scan everything within %d s", MERGE_S);
	ksm_stop();
}

SCENARIO(ksm, device_pages_stay_apart,
	 "KSM merges equal pages of memory, but does not merge equal pages on the device, with "
	 "each other or with memory")
{
	struct story *s = &self->story;
	struct page first, second;

	device_move_to(&s->device, self->twins, 2);
	first = page_at(0, self->twins);
	second = second_of(self->twins);
	set_rule(RULE_ENTRY);
	expect(first.at == PLACE_COHERENT && second.at == PLACE_COHERENT,
	       "the equal pages are not on the device");
	ksm_mergeable(self->twins, 2);
	merge_all(self);
	set_rule(RULE_NOT_MERGED);
	expect(page_at(0, self->twins).pfn == first.pfn,
	       "the first page on the device changed its frame");
	expect(second_of(self->twins).pfn == second.pfn,
	       "the second page on the device changed its frame");
	expect_bytes(self->twins, s->buffer.serial, 0, BY_CHILD,
		     "bytes of the first page");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

/*
 * Let KSM merge two equal pages of memory, and migrate the merged page to the
 * device. The kernel may move it for both users, or leave it in memory, as
 * docs/findings.md (ksm-page-on-device) proposes. In both cases it must stay
 * one page with its bytes. Returns its place.
 */
static enum place merge_and_migrate(FIXTURE_DATA(ksm) (*self))
{
	enum place at;

	ksm_mergeable(self->twins, 2);
	merge_all(self);
	must(ksm_are_merged(self->twins), "KSM did not merge two equal pages");
	device_move_to(&self->story.device, self->twins, 1);
	at = page_at(0, self->twins).at;
	set_rule(RULE_ENTRY);
	expect(at == PLACE_COHERENT || in_memory(at), "after migration the merged page is %s",
	       place_name(at));
	expect(ksm_are_merged(self->twins),
	       "after migration the users of the merged page have different pages");
	expect_bytes(self->twins, self->story.buffer.serial, 0, BY_CHILD,
		     "bytes of the merged page");
	report_line("note:", "the merged page is %s",
		    at == PLACE_COHERENT ? "migrated" : "left in memory");
	return at;
}

SCENARIO(ksm, merged_page_migrates,
	 "migration moves a merged page for all of its users or for none; a write to it makes a "
	 "copy, and the other users keep it")
{
	struct story *s = &self->story;
	unsigned long frame;

	merge_and_migrate(self);
	frame = page_at(0, self->twins).pfn;
	write_page(self->twins, s->buffer.serial, 0, BY_OWNER_AGAIN);
	set_rule(RULE_SHARED_IS_COPIED);
	expect(page_at(0, self->twins).at != PLACE_COHERENT,
	       "the written page is still on the device");
	expect(page_at(0, self->twins).pfn != frame, "the written page is still the merged one");
	set_rule(RULE_NO_LEAK);
	expect(second_of(self->twins).pfn == frame, "the other user's page moved");
	expect_bytes(self->twins, s->buffer.serial, 0, BY_OWNER_AGAIN,
		     "bytes of the written page");
	expect_bytes(self->twins + features.page_size, s->buffer.serial, 0, BY_CHILD,
		     "bytes of the other user's page");
	device_move_back(&s->device, self->twins + features.page_size, 1);
	set_rule(RULE_BACK);
	expect(in_memory(second_of(self->twins).at), "the merged page was not migrated back");
	expect_bytes(self->twins + features.page_size, s->buffer.serial, 0, BY_CHILD,
		     "bytes of the other user's page");
}

/* Let KSM scan everything again, with two other pages to merge. */
static void merge_others_again(FIXTURE_DATA(ksm) (*self))
{
	unmap_memory(self->others, 2 * features.page_size);
	self->others = ksm_map_equal(2, self->story.buffer.serial, BY_MEDIUM);
	merge_all(self);
}

/*
 * rmap_walk_ksm() finds the users of a merged page in KSM's list. A user that
 * is missing in the list keeps its mapping when the page is unmapped, or keeps
 * a migration entry for ever. This test only checks the list and leaves the
 * page where it is. See docs/findings.md.
 */
SCENARIO(ksm, users_stay_known,
	 "KSM still counts the users of a merged page that is on the device")
{
	enum place at;

	need(read_number("/proc/self/ksm_merging_pages") >= 0, SKIP_NO_KSM_COUNT);
	at = merge_and_migrate(self);
	merge_others_again(self);
	set_rule(RULE_NOT_MERGED);
	expect_result("merged pages of this process, as KSM counts them",
		      read_number("/proc/self/ksm_merging_pages"), 4);
	expect(page_at(0, self->twins).at == at && ksm_are_merged(self->twins),
	       "the merged page has moved");
}

/* A page of memory that is equal to a merged page on the device must not be merged with it. */
SCENARIO(ksm, merging_is_no_way_in,
	 "a page of memory that is equal to a merged page on the device stays in memory")
{
	unsigned char *third;

	merge_and_migrate(self);
	third = ksm_map_equal(1, self->story.buffer.serial, BY_CHILD);
	ksm_mergeable(third, 1);
	merge_others_again(self);
	set_rule(RULE_NOT_MERGED);
	expect_same(in_memory(page_at(0, third).at), "place of a page that was not migrated",
		    "in memory", place_name(page_at(0, third).at));
	expect_bytes(third, self->story.buffer.serial, 0, BY_CHILD,
		     "bytes of the third page");
	unmap_memory(third, features.page_size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ksm", argc, argv);
}
