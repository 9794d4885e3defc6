/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exclusive_reclaim.h - reclaim of a page of memory that a device has exclusively
 */
#ifndef HMM_COHERENT_EXCLUSIVE_RECLAIM_H
#define HMM_COHERENT_EXCLUSIVE_RECLAIM_H

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/cpu.h"
#include "reach/swap.h"
#include "see/page.h"
#include "story/story.h"

#define RECLAIMED_PAGES 3

/*
 * Check that reclaim of a memory cgroup swaps the page out and in with its bytes, or
 * leaves it. Skips the test without swap or cgroup.
 */
static inline void expect_reclaim_keeps(struct device *device)
{
	struct cgroup group;
	struct buffer mine;
	int i;

	swap_on();
	cgroup_make(&group);
	cgroup_need_reclaim(&group);
	cgroup_enter(&group);
	buffer_map(&mine, RECLAIMED_PAGES, PLACE_SYSTEM);
	buffer_write(&mine, 0, RECLAIMED_PAGES, BY_OWNER);
	drain_lru_batches();
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(device, HMM_DMIRROR_EXCLUSIVE, mine.addr, 1), 0);
	for (i = 0; i < 3; i++)
		cgroup_reclaim(&group, "1M");
	cgroup_leave(&group);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(page_at(0, buffer_page(&mine, 1)).at == PLACE_SWAPPED,
	     "memory.reclaim does not swap out the pages of the cgroup");
	set_rule(RULE_SWAP_KEEPS);
	for (i = 0; i < RECLAIMED_PAGES; i++)
		expect_bytes(buffer_page(&mine, i), mine.serial, i, BY_OWNER,
			     i ? "bytes of a page that was swapped out" :
				 "bytes of the page that the device had exclusively");
	expect_result("a write", cpu_write(&mine, 0, 1, BY_OWNER_AGAIN), features.page_size);
	expect_bytes(mine.addr, mine.serial, 0, BY_OWNER_AGAIN, "bytes that were written");
	buffer_unmap(&mine);
}

#endif
