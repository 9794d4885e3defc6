// SPDX-License-Identifier: GPL-2.0
/*
 * No page leaks: a device can be filled to its last page after all other tests,
 * and unmapping reverses the accounting (S3)
 *
 * This uses the second device; device_full.c uses the first one, and checks
 * more. A page that leaked in any test before this one is missing here.
 */
#include "suite/harness.h"

#include "kernel/kernel.h"
#include "reach/range.h"
#include "see/counters.h"
#include "see/device.h"
#include "see/page.h"

/*
 * Committed memory is counted for the whole system: tolerate changes of this
 * many bytes by other processes.
 */
#define OTHERS (16L << 20)
#define SETTLE_S 10

FIXTURE(whole_device)
{
	struct device device;
};

FIXTURE_VARIANT(whole_device)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(whole_device, remote) { .place = PLACE_REMOTE };

FIXTURE_SETUP(whole_device)
{
	device_open(&self->device, variant->place, RANGE_STEP);
}

FIXTURE_TEARDOWN(whole_device)
{
	device_close(&self->device);
}

static bool has_returned(void *before)
{
	return is_within(committed_pages() - *(long *)before, 0, OTHERS / features.page_size);
}

SCENARIO(whole_device, filled,
	 "a device can be filled to its last page after all other tests, and all of its pages are "
	 "freed")
{
	const size_t all = device_pages(variant->place);
	const long rss = resident_pages(), pages = counters_many();
	long commit = committed_pages();
	struct range range;
	size_t there;
	bool settled;

	range_map(&range, all);
	range_move_to(&range, &self->device);
	there = pages_at(range.addr, all, variant->place);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(there == all, "only %zu of the device's %zu pages can be used", there, all);
	range_unmap(&range);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident after munmap", resident_pages() - rss, 0);
	/*
	 * Other processes may have committed memory in between, so wait. A leak
	 * of this process would not go away.
	 */
	settled = wait_until(has_returned, &commit, SETTLE_S);
	expect_within("committed after munmap", settled ? 0 : committed_pages() - commit, 0,
		      OTHERS / features.page_size);
	/* Fill a part of the device again, to check that its pages are free. */
	range_map(&range, pages);
	range_move_to(&range, &self->device);
	there = pages_at(range.addr, pages, variant->place);
	set_rule(RULE_FREED_TO_DRIVER);
	expect((long)there == pages,
	       "only %zu of %ld pages of the emptied device can be used", there, pages);
	range_unmap(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_whole_device", argc, argv);
}
