// SPDX-License-Identifier: GPL-2.0
/* Exclusive access by a device, ended by the CPU, fork() and munmap() */
#include "devices.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/next_frames.h"

SCENARIO(devices, exclusive_access,
	 "exclusive access by the device unmaps a page from the CPU; the next access by the CPU "
	 "maps the same page again, on the device")
{
	struct story *s = &self->story;
	long result = device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1);
	int round;

	if (s->read_only) {
		/*
		 * GUP for writing fails. The driver returns EBUSY up to 6.12,
		 * and the EFAULT of GUP later.
		 */
		set_rule(RULE_WRITE_NEEDS_PERMISSION);
		expect(result == -EBUSY || result == -EFAULT,
		       "exclusive access to a read-only mapping returns %ld", result);
		expect_stays(s, 0);
		return;
	}
	set_rule(RULE_DEVICE_EXCLUSIVE);
	for (round = 0; round < 2; round++) {
		expect_result("exclusive access", result, 0);
		expect_at(s, 0, PLACE_SWAPPED);
		expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE",
			      device_command(&s->device, HMM_DMIRROR_CHECK_EXCLUSIVE,
					     s->buffer.addr, 1),
			      -EPERM);
		if (round)
			story_write(s, 0);
		else
			expect_owner_sees(s, 0, BY_OWNER);
		expect_stays(s, 0);
		expect_mapped(s, 0, PERM_RW);
		expect_exclusive(s, 0, true);
		expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE",
			      device_command(&s->device, HMM_DMIRROR_CHECK_EXCLUSIVE,
					     s->buffer.addr, 1),
			      0);
		expect_owner_sees(s, 0, round ? BY_OWNER_AGAIN : BY_OWNER);
		result = device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
}

static void take_exclusively(struct story *s)
{
	story_make_writable(s);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	expect_at(s, 0, PLACE_SWAPPED);
}

SCENARIO(devices, exclusive_then_forked,
	 "fork() ends exclusive access by the device: parent and child share the page in place, "
	 "and a write makes a copy")
{
	struct story *s = &self->story;

	take_exclusively(s);
	child_fork(&s->child);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_stays(s, 0);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_exclusive(s, 0, false);
	expect_result("HMM_DMIRROR_CHECK_EXCLUSIVE",
		      device_command(&s->device, HMM_DMIRROR_CHECK_EXCLUSIVE, s->buffer.addr, 1),
		      0);
	story_write(s, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(devices, exclusive_then_unmapped,
	 "munmap() of a page under exclusive access by the device returns it to the driver, once")
{
	struct story *s = &self->story;
	struct buffer next;

	take_exclusively(s);
	unmap_memory(s->buffer.addr, features.page_size);
	next_frames_take(&next, 2, &s->device, PLACE_COHERENT);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("number of next pages that have its frame",
		      next_frames_count(&next, s->frames[0]), 1);
	next_frames_return(&next);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_exclusive", argc, argv);
}
