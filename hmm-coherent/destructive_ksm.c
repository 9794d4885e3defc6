// SPDX-License-Identifier: GPL-2.0
/*
 * What may bring a kernel down: KSM, and pages or memory of a device
 */
#include "destructive.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "reach/ksm.h"

#define KSM_S 10

/* Let KSM go over everything a few times. */
static bool scan(void)
{
	bool scanned;

	ksm_start();
	scanned = ksm_scanned(5, KSM_S);
	ksm_stop();
	return scanned;
}

static unsigned char *merged_twins(struct story *s)
{
	unsigned char *twins;

	need(ksm_available(), SKIP_NO_KSM);
	twins = ksm_map_equal(2, s->buffer.serial, BY_CHILD);
	ksm_mergeable(twins, 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(scan(), "KSM did not get to the end of a scan");
	must(ksm_are_merged(twins), "KSM did not merge two equal pages");
	return twins;
}

/*
 * A merged page was offered to a device: a kernel moves it for both of its
 * users or for none (docs/findings.md, ksm-page-on-device).
 */
static void expect_offered(unsigned char *twins, enum place device)
{
	enum place at = page_at(0, twins).at;

	set_rule(RULE_ENTRY);
	expect(at == device || in_memory(at), "after migration the merged page is %s",
	       place_name(at));
	expect(ksm_are_merged(twins),
	       "after migration the users of the merged page have different pages");
}

SCENARIO(destructive, ksm_page_comes_back,
	 "a merged page on the device comes back to memory for all its users after KSM has passed "
	 "by")
{
	struct story *s = &self->story;
	unsigned char *twins = merged_twins(s);
	size_t i;

	device_move_to(&s->device, twins, 1);
	expect_offered(twins, PLACE_COHERENT);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(scan(), "KSM did not get to the end of a scan");
	device_move_back(&s->device, twins, 1);
	set_rule(RULE_BACK);
	for (i = 0; i < 2; i++) {
		unsigned char *addr = twins + i * features.page_size;

		expect(in_memory(page_at(0, addr).at), "user %zu of the page has it %s", i,
		       place_name(page_at(0, addr).at));
		expect_bytes(addr, s->buffer.serial, 0, BY_CHILD,
			     i ? "bytes that its second user sees" :
				 "bytes that its first user sees");
	}
}

SCENARIO(destructive, ksm_page_private,
	 "KSM does not read a merged page that went to a private device, which no processor can "
	 "read")
{
	struct story *s = &self->story;
	unsigned char *twins = merged_twins(s), *third;
	struct device private;
	bool scanned;

	device_open(&private, PLACE_PRIVATE, 1);
	device_move_to(&private, twins, 1);
	expect_offered(twins, PLACE_PRIVATE);
	third = ksm_map_equal(1, s->buffer.serial, BY_CHILD);
	ksm_mergeable(third, 1);
	scanned = scan();
	set_rule(RULE_NOT_MERGED);
	expect(in_memory(page_at(0, third).at), "an equal page of memory is now %s",
	       place_name(page_at(0, third).at));
	expect(scanned, "KSM did not get to the end of a scan");
	unmap_memory(twins, 2 * features.page_size);
	device_close(&private);
}

/*
 * mmap_lock is held over the hotplug of memory, under whose locks KSM's
 * notifier waits for ksmd, which waits for mmap_lock.
 */
SCENARIO(destructive, memory_added_with_ksm,
	 "a device gets its memory anew for a migration, and KSM runs: neither has to wait for "
	 "the other")
{
	struct story *s = &self->story;

	need(ksm_available(), SKIP_NO_KSM);
	need(lockdep_watches(), SKIP_NO_LOCKDEP);
	set_rule(RULE_CLOSE_EVICTS);
	expect_result("HMM_DMIRROR_RELEASE",
		      device_command(&s->device, HMM_DMIRROR_RELEASE, s->buffer.addr, 1), 0);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	ksm_mergeable(ksm_map_equal(2, s->buffer.serial, BY_CHILD), 2);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect(scan(), "KSM did not get to the end of a scan");
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_destructive_ksm", argc, argv);
}
