// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing is lost: a device can be filled to its last page, whatever happened
 * before, and gives back all that it cost (S3)
 *
 * This takes the second device; device_full.c does it, and more, with the
 * first one. A page that leaked anywhere in the tests before this one, in
 * whatever way, is missing here.
 */
#include "suite/harness.h"

#include "kernel/kernel.h"
#include "reach/range.h"
#include "see/counters.h"
#include "see/device.h"
#include "see/page.h"

/*
 * The commitment is the whole system's, and others come and go: they may move
 * it by this many bytes.
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
	 "a device can be filled to its last page, whatever happened before, and gives it all back")
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
	expect(there == all, "only %zu of the device's %zu pages are to be had", there, all);
	range_unmap(&range);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident after munmap", resident_pages() - rss, 0);
	/*
	 * Others may have taken something meanwhile; what they hold on to is
	 * not known, what this process leaked would stay.
	 */
	settled = wait_until(has_returned, &commit, SETTLE_S);
	expect_within("committed after munmap", settled ? 0 : committed_pages() - commit, 0,
		      OTHERS / features.page_size);
	/* And once more, as far as it takes to see that there is something to be had again. */
	range_map(&range, pages);
	range_move_to(&range, &self->device);
	there = pages_at(range.addr, pages, variant->place);
	set_rule(RULE_FREED_TO_DRIVER);
	expect((long)there == pages,
	       "of the device that was emptied only %zu of %ld pages are to be had", there, pages);
	range_unmap(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_whole_device", argc, argv);
}
