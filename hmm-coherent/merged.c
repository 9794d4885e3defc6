// SPDX-License-Identifier: GPL-2.0
/*
 * State of a page that KSM merges: its soft-dirty bit, and MADV_FREE by one of
 * its users
 *
 * A merged page is the page of every user. Neither merging nor what one user
 * does may take bytes from another user, or from a program that copies the
 * pages that have changed.
 */
#include "suite/harness.h"

#include <sys/mman.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "reach/ksm.h"
#include "story/story.h"

#define MERGE_S 15
#define RECLAIM_TRIES 40

FIXTURE(merged)
{
	struct story story;
	unsigned char *twins;	/* two equal pages */
	unsigned char *third;	/* equal to them, or NULL */
};

FIXTURE_VARIANT(merged)
{
	enum place place;	/* where the twins were before they were merged */
};

FIXTURE_VARIANT_ADD(merged, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(merged, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(merged)
{
	need(ksm_available(), SKIP_NO_KSM);
	/* See docs/findings.md, test-hmm-lock-order. */
	need(!lockdep_saw_memory_added(), SKIP_LOCKDEP_STOPS_HOTPLUG);
	ksm_stop();
	story_begin(&self->story, PLACE_COHERENT, false, 1);
}

FIXTURE_TEARDOWN(merged)
{
	ksm_stop();
	if (self->twins)
		unmap_memory(self->twins, 2 * features.page_size);
	if (self->third)
		unmap_memory(self->third, features.page_size);
	story_end(&self->story);
}

/* Two equal pages in memory, which have been on the device if the variant says so. */
static void map_twins(FIXTURE_DATA(merged) (*self), enum place place)
{
	self->twins = ksm_map_equal(2, self->story.buffer.serial, BY_CHILD);
	if (place != PLACE_COHERENT)
		return;
	device_move_to(&self->story.device, self->twins, 2);
	set_rule(RULE_ENTRY);
	must(pages_at(self->twins, 2, PLACE_COHERENT) == 2,
	     "the equal pages are not on the device");
	device_move_back(&self->story.device, self->twins, 2);
}

/* Let KSM merge the two pages at @pages. */
static void merge(unsigned char *pages)
{
	ksm_mergeable(pages, 2);
	ksm_start();
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(wait_until(ksm_are_merged, pages, MERGE_S),
	     "KSM does not merge two equal pages of memory within %d s", MERGE_S);
	ksm_stop();
}

SCENARIO(merged, written_since,
	 "pages that were written since the soft-dirty bits were cleared are still soft-dirty "
	 "after KSM has merged them")
{
	int error;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	map_twins(self, variant->place);
	error = write_text("/proc/self/clear_refs", "4");
	if (error)
		syscall_failed("clear_refs", -error);
	write_page(self->twins, self->story.buffer.serial, 0, BY_OWNER_AGAIN);
	write_page(self->twins + features.page_size, self->story.buffer.serial, 0, BY_OWNER_AGAIN);
	merge(self->twins);
	set_rule(RULE_MERGE_KEEPS_DIRTY);
	expect_result("the first page is soft-dirty", page_at(0, self->twins).soft_dirty, true);
	expect_result("the second page is soft-dirty",
		      page_at(0, self->twins + features.page_size).soft_dirty, true);
	expect_bytes(self->twins, self->story.buffer.serial, 0, BY_OWNER_AGAIN,
		     "bytes of the merged page");
}

struct merging {
	unsigned char *page;
	unsigned long frame;
};

static bool has_frame(void *arg)
{
	const struct merging *merging = arg;

	return page_at(0, merging->page).pfn == merging->frame;
}

/*
 * Reclaim of the cgroup, until it has freed the page @control, which only this
 * process maps, with MADV_FREE.
 */
static void reclaim_until_freed(const struct cgroup *group, unsigned char *control)
{
	int tries = 0;

	do {
		cgroup_reclaim(group, "4M");
	} while (page_at(0, control).present && ++tries < RECLAIM_TRIES);
	if (page_at(0, control).present)
		not_prepared("reclaim does not free a page after MADV_FREE");
}

SCENARIO(merged, freed_by_one,
	 "a page that KSM merges with one on which its user called MADV_FREE keeps its bytes when "
	 "memory is reclaimed")
{
	const uint32_t serial = self->story.buffer.serial;
	struct cgroup group;
	unsigned char *control;
	struct merging merging;

	cgroup_make(&group);
	cgroup_need_reclaim(&group);
	cgroup_enter(&group);
	map_twins(self, variant->place);
	control = ksm_map_equal(1, serial, BY_MEDIUM);
	merge(self->twins);
	merging.frame = page_at(0, self->twins).pfn;
	/* The second user leaves, and the first one does not need its bytes any more. */
	write_page(self->twins + features.page_size, serial, 0, BY_OWNER_AGAIN);
	advise_memory(self->twins, features.page_size, MADV_FREE);
	advise_memory(control, features.page_size, MADV_FREE);

	self->third = ksm_map_equal(1, serial, BY_CHILD);
	merging.page = self->third;
	ksm_mergeable(self->third, 1);
	ksm_start();
	/* The kernel may also leave the page alone. */
	report_line("note:", "the third page is %s", wait_until(has_frame, &merging, 2) ?
		    "merged" : "not merged");
	ksm_stop();
	reclaim_until_freed(&group, control);
	set_rule(RULE_FREED_FOR_ONE);
	expect_bytes(self->third, serial, 0, BY_CHILD, "bytes of the page that was not freed");
	expect_bytes(self->twins + features.page_size, serial, 0, BY_OWNER_AGAIN,
		     "bytes of the page that was written");
	cgroup_leave(&group);
	unmap_memory(control, features.page_size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_merged", argc, argv);
}
