// SPDX-License-Identifier: GPL-2.0
/* Tests that may crash a kernel: KSM with pages or memory of a device */
#include "destructive.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "reach/ksm.h"

#define KSM_S 10

/* Let KSM complete a few scans. */
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
	must(scan(), "KSM did not complete its scans");
	must(ksm_are_merged(twins), "KSM did not merge two equal pages");
	return twins;
}

/*
 * After the attempt to migrate a merged page: the kernel has moved it for both
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
	 "a merged page on the device is migrated back for all of its users, also after KSM has "
	 "scanned it")
{
	struct story *s = &self->story;
	unsigned char *twins = merged_twins(s);
	size_t i;

	device_move_to(&s->device, twins, 1);
	expect_offered(twins, PLACE_COHERENT);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(scan(), "KSM did not complete its scans");
	device_move_back(&s->device, twins, 1);
	set_rule(RULE_BACK);
	for (i = 0; i < 2; i++) {
		unsigned char *addr = twins + i * features.page_size;

		expect(in_memory(page_at(0, addr).at), "for user %zu the page is %s", i,
		       place_name(page_at(0, addr).at));
		expect_bytes(addr, s->buffer.serial, 0, BY_CHILD,
			     i ? "bytes that the second user of the page sees" :
				 "bytes that the first user of the page sees");
	}
}

SCENARIO(destructive, ksm_page_private,
	 "KSM does not read a merged page on a private device, which the CPU cannot access")
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
	expect(scanned, "KSM did not complete its scans");
	unmap_memory(twins, 2 * features.page_size);
	device_close(&private);
}

SCENARIO(destructive, ksm_page_moved,
	 "the users of a merged page on a private device can access it after mremap() of one of "
	 "them")
{
	struct story *s = &self->story;
	unsigned char *twins = merged_twins(s);
	unsigned char *moved = map_memory(features.page_size, PROT_NONE);
	struct device private;

	device_open(&private, PLACE_PRIVATE, 1);
	device_move_to(&private, twins, 1);
	expect_offered(twins, PLACE_PRIVATE);
	move_memory(twins, features.page_size, moved);
	set_rule(RULE_MOVES_WITH_ADDRESS);
	expect_bytes(twins + features.page_size, s->buffer.serial, 0, BY_CHILD,
		     "bytes that the user sees that did not move");
	expect_bytes(moved, s->buffer.serial, 0, BY_CHILD, "bytes at the new address");
	unmap_memory(twins, 2 * features.page_size);
	device_close(&private);
}

/*
 * The driver holds mmap_lock while it hotplugs memory. KSM's hotplug notifier
 * then waits for ksmd, which waits for mmap_lock.
 */
SCENARIO(destructive, memory_added_with_ksm,
	 "hotplug of device memory during a migration does not deadlock with KSM")
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
	expect(scan(), "KSM did not complete its scans");
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_destructive_ksm", argc, argv);
}
