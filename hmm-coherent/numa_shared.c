// SPDX-License-Identifier: GPL-2.0
/*
 * Moves between NUMA nodes that cannot be done for all pages: of pages that
 * another process maps, too, and of pages with a reference; those of a process
 * whose cpuset is moved to another node (S5); and the soft-dirty bit of a huge
 * page that moves, as that of small pages at migration to a device (S2)
 */
#include "numa.h"

#include <errno.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "see/pin.h"
#include "story/huge.h"

WHY_NOT(numa)
{
	if (!strcmp(test, "some_stay") && variant->place != PLACE_SYSTEM)
		return "move_pages() passes over pages on a device";
	if (!strcmp(test, "huge_underused")) {
		if (variant->place != PLACE_SYSTEM)
			return "no page on a device is used";
		if (!kernel_has(CHANGE_UNDERUSED_IS_SPLIT))
			return "this kernel splits no huge page because it is empty (before 6.12)";
	}
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

/* Let the cpuset have only the other node. */
static void give_other(FIXTURE_DATA(numa)(*self), const struct cgroup *group)
{
	char file[256], node[16];
	int error;

	cgroup_file(group, "cpuset.mems", file, sizeof(file));
	snprintf(node, sizeof(node), "%d", self->other);
	error = write_text(file, node);
	if (error)
		syscall_failed(file, -error);
}

/*
 * Enter a cpuset, and let it have only the other node from now on. The kernel
 * moves the memory of the process there before the write returns.
 */
static void move_to_other(FIXTURE_DATA(numa) (*self))
{
	struct cgroup group;

	need(!lockdep_saw_memory_added(), SKIP_LOCKDEP_STOPS_HOTPLUG);
	cgroup_make_cpuset(&group);
	cgroup_enter(&group);
	give_other(self, &group);
}

/* Page 0 is in memory, the others are on the device. */
static void bring_back_one(struct story *s)
{
	device_move_back(&s->device, s->buffer.addr, 1);
	story_remember_frames(s);
}

SCENARIO(numa, cpuset_moves,
	 "a change of cpuset.mems moves pages of memory to the other node and leaves pages on the "
	 "device")
{
	struct story *s = &self->story;
	size_t i;

	bring_back_one(s);
	move_to_other(self);
	set_rule(RULE_CPUSET_BINDS);
	expect_memory_of(s, 0, self->other);
	for (i = 1; i < PAGES; i++) {
		if (story_on_device(s))
			expect_stays(s, i);
		else
			expect_memory_of(s, i, self->other);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

/* cpuset_attach_mm(): the nodes that the group may use, and not those that it was given. */
SCENARIO(numa, cpuset_policy,
	 "a policy that binds memory to a node follows the process to the node of a cpuset that "
	 "has its nodes from the group around it")
{
	struct story *s = &self->story;
	struct bitmask *nodes = numa_allocate_nodemask();
	struct cgroup outer, inner;
	int mode;

	if (!nodes || mbind(s->buffer.addr, s->buffer.size, MPOL_BIND, node_mask(self->home)->maskp,
			    node_mask(self->home)->size + 1, 0))
		syscall_failed("mbind", errno);
	need(!lockdep_saw_memory_added(), SKIP_LOCKDEP_STOPS_HOTPLUG);
	cgroup_make_cpuset(&outer);
	give_other(self, &outer);
	cgroup_make_inner(&inner, &outer);
	cgroup_enter(&inner);
	if (get_mempolicy(&mode, nodes->maskp, nodes->size + 1, s->buffer.addr, MPOL_F_ADDR))
		syscall_failed("get_mempolicy", errno);
	set_rule(RULE_CPUSET_BINDS);
	expect_result("the mode of the policy", mode, MPOL_BIND);
	expect(numa_bitmask_equal(nodes, node_mask(self->other)),
	       "the policy does not bind to node %d alone", self->other);
	numa_free_nodemask(nodes);
}

SCENARIO(numa, cpuset_copy,
	 "after that, copies of shared device pages are on the node of the cpuset")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	move_to_other(self);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_CPUSET_BINDS);
	expect_memory_of(s, 0, self->other);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(numa, cpuset_pin,
	 "after that, a long-term pin moves device pages to the node of the cpuset")
{
	const struct pin_kind kind = { .pin = true, .longterm = true, .fast = true };
	struct story *s = &self->story;
	size_t i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	move_to_other(self);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("bytes pinned", pin_pages(kind, s->buffer.addr, PAGES), s->buffer.size);
	set_rule(RULE_CPUSET_BINDS);
	for (i = 0; i < PAGES; i++) {
		expect_memory_of(s, i, self->other);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

/* Clear all soft-dirty bits of this process. */
static void clear_dirty(void)
{
	int error;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	error = write_text("/proc/self/clear_refs", "4");
	if (error)
		syscall_failed("clear_refs", -error);
}

/* A huge page on the home node, which is then moved to the other one. */
static void move_huge_page(FIXTURE_DATA(numa) (*self), struct huge_range *range)
{
	const unsigned long frame = page_at(0, range->addr).pfn;

	if (mbind(range->addr, range->size, MPOL_BIND, node_mask(self->other)->maskp,
		  node_mask(self->other)->size + 1, MPOL_MF_MOVE))
		syscall_failed("mbind", errno);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(page_at(0, range->addr).pfn != frame, "mbind() does not move the huge page");
	must(device_snapshot(&self->story.device, range->addr).huge,
	     "mbind() has split the huge page");
}

static size_t soft_dirty_pages(const struct huge_range *range)
{
	struct page pages[PAGES_LOOK_MAX];
	size_t i, j, dirty = 0;

	for (i = 0; i < range->pages; i += j) {
		size_t count = range->pages - i < PAGES_LOOK_MAX ? range->pages - i :
								   PAGES_LOOK_MAX;

		pages_look(page_in(range->addr, i), count, pages);
		for (j = 0; j < count; j++)
			dirty += pages[j].soft_dirty;
	}
	return dirty;
}

static void begin_on_home(FIXTURE_DATA(numa) (*self), struct huge_range *range)
{
	bind_task(&self->story, self->home);
	huge_range_begin(range, &self->story.device);
	memset(range->addr, 0x5a, range->size);
}

SCENARIO(numa, huge_clean,
	 "a huge page that was not written since the soft-dirty bits were cleared is not "
	 "soft-dirty "
	 "after it was moved")
{
	struct huge_range range;

	begin_on_home(self, &range);
	clear_dirty();
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages before", soft_dirty_pages(&range), 0);
	move_huge_page(self, &range);
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages after the move, in per cent",
		      per_cent(soft_dirty_pages(&range), range.pages), 0);
	huge_range_end(&range);
}

SCENARIO(numa, huge_written,
	 "a huge page that was written since then is soft-dirty after it was moved")
{
	struct huge_range range;

	begin_on_home(self, &range);
	clear_dirty();
	*(volatile unsigned char *)range.addr = 1;
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages before", soft_dirty_pages(&range), range.pages);
	move_huge_page(self, &range);
	set_rule(RULE_MARKS_TRAVEL);
	expect_result("soft-dirty pages after the move", soft_dirty_pages(&range), range.pages);
	huge_range_end(&range);
}

/* migrate_folio_move() puts it on the list of those that may be split again. */
SCENARIO(numa, huge_underused,
	 "a huge page of which one page was written is split when memory is short, also after it "
	 "was moved")
{
	struct huge_range range;
	int error, i;

	need(in_guest(), SKIP_NOT_ALONE);
	change_setting(THP "khugepaged/max_ptes_none", 1);
	bind_task(&self->story, self->home);
	huge_range_begin(&range, &self->story.device);
	write_page(range.addr, 1, 0, BY_OWNER);
	move_huge_page(self, &range);
	drain_lru_batches();
	/* All shrinkers, as if memory was short; each one may meet the page while it is in use. */
	for (i = 0; i < 3; i++) {
		error = write_text("/proc/sys/vm/drop_caches", "2");
		if (error)
			syscall_failed("drop_caches", -error);
	}
	set_rule(RULE_HUGE_IS_SPLIT);
	expect_result("the range is one huge page",
		      device_snapshot(&self->story.device, range.addr).huge, 0);
	expect_bytes(range.addr, 1, 0, BY_OWNER, "the page that was written");
	expect_zeros(page_in(range.addr, 1), "the next page");
	huge_range_end(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_numa_shared", argc, argv);
}
