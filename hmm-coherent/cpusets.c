// SPDX-License-Identifier: GPL-2.0
/*
 * Pages on a device while the cpuset of their process is moved to another NUMA
 * node (S5)
 */
#include "numa.h"

#include <stdio.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "see/pin.h"

/*
 * Enter a cpuset, and let it have only the other node from now on. The kernel
 * moves the memory of the process there before the write returns.
 */
static void move_to_other(FIXTURE_DATA(numa) (*self))
{
	struct cgroup group;
	char file[256], node[16];
	int error;

	need(!lockdep_saw_memory_added(), SKIP_LOCKDEP_STOPS_HOTPLUG);
	cgroup_make_cpuset(&group);
	cgroup_enter(&group);
	cgroup_file(&group, "cpuset.mems", file, sizeof(file));
	snprintf(node, sizeof(node), "%d", self->other);
	error = write_text(file, node);
	if (error)
		syscall_failed(file, -error);
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

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_cpusets", argc, argv);
}
