// SPDX-License-Identifier: GPL-2.0
/*
 * Moves between NUMA nodes that cannot be done for all pages: of pages that
 * another process maps, too, and of pages with a reference
 */
#include "numa.h"

#include <errno.h>
#include <numaif.h>
#include <string.h>

#include "kernel/kernel.h"

WHY_NOT(numa)
{
	if (!strcmp(test, "some_stay") && variant->place != PLACE_SYSTEM)
		return "move_pages() passes over pages on a device";
	return NULL;
}

/* move_pages() of page i to nodes[i]. Returns its result or -errno. */
static long move(struct story *s, const int *nodes, int *status, int flags)
{
	void *pages[PAGES];
	int i;

	for (i = 0; i < PAGES; i++) {
		pages[i] = buffer_page(&s->buffer, i);
		status[i] = -EINPROGRESS;
	}
	return errno_of(move_pages(0, PAGES, pages, nodes, status, flags));
}

static void expect_status(const int *status, int expected)
{
	int i;

	for (i = 0; i < PAGES; i++)
		expect_result("status of the page", status[i], expected);
}

static void expect_shared_stays(FIXTURE_DATA(numa) (*self))
{
	struct story *s = &self->story;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		expect_child_keeps_frame(s, &s->child, i);
	}
}

SCENARIO(numa, shared,
	 "move_pages() and mbind() with MPOL_MF_MOVE leave pages alone that a child maps, too; "
	 "move_pages() with MPOL_MF_MOVE_ALL moves them in both processes; pages on the device "
	 "stay")
{
	struct story *s = &self->story;
	const int nodes[PAGES] = { self->other, self->other, self->other, self->other };
	int status[PAGES], i;

	child_fork(&s->child);
	set_rule(RULE_SHARED_BY_ALL);
	expect_result("move_pages", move(s, nodes, status, MPOL_MF_MOVE), 0);
	expect_status(status, story_on_device(s) ? -ENOENT : -EACCES);
	expect_shared_stays(self);
	expect_result("mbind", bind_mapping(s, self->other, MPOL_MF_MOVE), 0);
	expect_shared_stays(self);
	expect_result("move_pages with MPOL_MF_MOVE_ALL", move(s, nodes, status, MPOL_MF_MOVE_ALL),
		      0);
	expect_status(status, story_on_device(s) ? -ENOENT : self->other);
	for (i = 0; i < PAGES && !story_on_device(s); i++)
		expect_memory_of(s, i, self->other);
	set_rule(RULE_FORK_SHARES);
	story_remember_frames(s);
	for (i = 0; i < PAGES; i++) {
		expect_child_keeps_frame(s, &s->child, i);
		expect_child_sees(s, &s->child, i, BY_OWNER);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(numa, some_stay,
	 "move_pages() that cannot move a page returns how many pages it has not moved, with those "
	 "that it has not tried")
{
	struct story *s = &self->story;
	const int other = self->other, home = self->home;
	const int all[PAGES] = { other, other, other, other },
		  halves[PAGES] = { other, other, home, home };
	int status[PAGES];

	story_hold(s, 1);
	set_rule(RULE_COUNTS_WHAT_STAYS);
	expect_result("move_pages of the second page and two for another node",
		      move(s, halves, status, MPOL_MF_MOVE), 3);
	expect_memory_of(s, 0, other);
	expect_memory_of(s, 1, home);
	expect_memory_of(s, 2, home);
	expect_result("move_pages of all to one node", move(s, all, status, MPOL_MF_MOVE), 1);
	expect_memory_of(s, 1, home);
	expect_memory_of(s, 2, other);
	story_let_go(s);
	expect_result("move_pages after the release", move(s, all, status, MPOL_MF_MOVE), 0);
	expect_status(status, other);
	expect_memory_of(s, 1, other);
	expect_owner_sees(s, 1, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_numa_shared", argc, argv);
}
