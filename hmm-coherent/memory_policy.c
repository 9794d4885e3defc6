// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies and pages on a coherent device: the node of a copy or of a
 * page that is migrated back
 */
#include "numa.h"

#include <errno.h>
#include <numaif.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/pin.h"

SCENARIO(numa, copy_by_mapping,
	 "a copy of a shared page is allocated by the memory policy of the mapping, whatever the "
	 "node of the device is")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	child_fork(&s->child);
	story_make_writable(s);
	for (n = 0; n < 2; n++) {
		set_rule(RULE_NODES_PASS_OVER);
		expect_result("mbind", bind_mapping(s, nodes[n], 0), 0);
		expect_stays(s, n);
		story_write(s, n);
		set_rule(RULE_COPY_BY_POLICY);
		expect_memory_of(s, n, nodes[n]);
		expect_other_frame(s, n);
		expect_owner_sees(s, n, BY_OWNER_AGAIN);
		set_rule(RULE_NO_LEAK);
		expect_child_keeps_frame(s, &s->child, n);
		expect_child_sees(s, &s->child, n, BY_OWNER);
	}
}

SCENARIO(numa, copy_by_task,
	 "if the mapping has no memory policy, a copy of a shared page is allocated by the "
	 "writer's set_mempolicy()")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	child_fork(&s->child);
	story_make_writable(s);
	for (n = 0; n < 2; n++) {
		bind_task(s, nodes[n]);
		story_write(s, n);
		set_rule(RULE_COPY_BY_POLICY);
		expect_memory_of(s, n, nodes[n]);
		expect_other_frame(s, n);
		set_rule(RULE_NO_LEAK);
		expect_child_keeps_frame(s, &s->child, n);
	}
}

SCENARIO(numa, unshared_by_mapping,
	 "a pin for reading that unshares a page allocates the copy by the memory policy of the "
	 "mapping")
{
	struct story *s = &self->story;

	need(pin_available(), SKIP_NO_GUP_TEST);
	child_fork(&s->child);
	bind_buffer(s, self->other);
	set_rule(RULE_PIN_UNSHARES);
	expect_result("bytes pinned",
		      pin_pages((struct pin_kind){ .pin = true }, s->buffer.addr, 1),
		      features.page_size);
	expect_other_frame(s, 0);
	set_rule(RULE_COPY_BY_POLICY);
	expect_memory_of(s, 0, self->other);
	set_rule(RULE_NO_LEAK);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(numa, back_by_mapping,
	 "migration back allocates pages by the memory policy of the mapping")
{
	struct story *s = &self->story;
	size_t i;

	bind_buffer(s, self->other);
	story_migrate_back(s);
	set_rule(story_on_device(s) ? RULE_BACK_BY_POLICY : RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++) {
		expect_memory_of(s, i, story_on_device(s) ? self->other : self->home);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(numa, back_by_task,
	 "if the mapping has no memory policy, migration back allocates pages by the caller's "
	 "set_mempolicy()")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	/* Test two nodes, since one of them may be the local node of this processor. */
	for (n = 0; n < 2; n++) {
		bind_task(s, nodes[n]);
		device_move_back(&s->device, buffer_page(&s->buffer, n), 1);
		set_rule(story_on_device(s) ? RULE_BACK_BY_POLICY : RULE_NOTHING_ELSE_CHANGES);
		expect_memory_of(s, n, story_on_device(s) ? nodes[n] : self->home);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

static const struct pin_kind longterm_pins[] = { { .pin = true, .longterm = true },
						 { .pin = true, .longterm = true, .fast = true } };

SCENARIO(numa, pin_by_task,
	 "if the mapping has no memory policy, a long-term pin moves the page to the node of "
	 "set_mempolicy()")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	need(pin_available(), SKIP_NO_GUP_TEST);
	for (n = 0; n < 2; n++) {
		bind_task(s, nodes[n]);
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_result("bytes pinned",
			      pin_pages(longterm_pins[n], buffer_page(&s->buffer, n), 1),
			      features.page_size);
		set_rule(story_on_device(s) ? RULE_COPY_BY_POLICY : RULE_NOTHING_ELSE_CHANGES);
		expect_memory_of(s, n, story_on_device(s) ? nodes[n] : self->home);
		expect_owner_sees(s, n, BY_OWNER);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

/*
 * mbind(2): MPOL_BIND is strict, all memory of the mapping must be on these
 * nodes. A pinned page on another node cannot be moved later.
 */
SCENARIO(numa, pin_within_binding,
	 "a long-term pin moves the page to a node that the mapping is bound to, whatever the "
	 "policy of the process is")
{
	struct story *s = &self->story;
	size_t i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	bind_task(s, self->other);
	bind_buffer(s, self->home);
	for (i = 0; i < 2; i++) {
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_result("bytes pinned",
			      pin_pages(longterm_pins[i], buffer_page(&s->buffer, i), 1),
			      features.page_size);
		set_rule(RULE_COPY_BY_POLICY);
		expect_memory_of(s, i, self->home);
	}
}

/* interleave_nid() (6.1: offset_il_node()) */
SCENARIO(numa, interleaved,
	 "pages of a mapping with MPOL_INTERLEAVE are on the nodes in turn, also those that a copy "
	 "has replaced")
{
	struct story *s = &self->story;
	const size_t size = PAGES * features.page_size;
	unsigned char *memory = map_memory(size, PROT_READ | PROT_WRITE);
	struct bitmask *nodes = numa_allocate_nodemask();
	size_t i, home, round;
	int status = -1;
	void *page;

	numa_bitmask_setbit(nodes, self->home);
	numa_bitmask_setbit(nodes, self->other);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mbind", errno_of(mbind(memory, size, MPOL_INTERLEAVE, nodes->maskp,
					      nodes->size + 1, 0)), 0);
	numa_free_nodemask(nodes);
	set_rule(RULE_COPY_BY_POLICY);
	for (round = 0; round < 2; round++) {
		for (i = 0, home = 0; i < PAGES; i++) {
			memory[i * features.page_size] = round + 1;
			page = memory + i * features.page_size;
			if (move_pages(0, 1, &page, NULL, &status, 0))
				syscall_failed("move_pages", errno);
			home += status == self->home;
		}
		expect_result("pages on the first of two nodes", home, PAGES / 2);
		if (!round)
			child_fork(&s->child);
	}
	unmap_memory(memory, size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_memory_policy", argc, argv);
}
