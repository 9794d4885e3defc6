// SPDX-License-Identifier: GPL-2.0
/* Tests that may crash a kernel: huge pages on a device */
#include "destructive.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/range.h"
#include "see/pin.h"
#include "story/huge.h"

/*
 * Release the memory of the device, so that the driver sets it up again for its
 * first user: with a huge page, if the driver supports that.
 */
static void huge_on_device(struct huge *h)
{
	huge_begin(h, false);
	huge_fill(h, h->addr, true);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("HMM_DMIRROR_RELEASE",
		      device_command(&h->device, HMM_DMIRROR_RELEASE, h->story.buffer.addr, 1), 0);
	device_move_to(&h->device, h->addr, h->pages);
	set_rule(RULE_ENTRY);
	must(page_at(0, h->addr).at == PLACE_COHERENT,
	     "the huge page did not go to the device: it is %s",
	     place_name(page_at(0, h->addr).at));
}

static void expect_huge_back(struct huge *h)
{
	enum place at = page_at(0, h->addr).at;

	expect(in_memory(at), "its first page is %s", place_name(at));
	expect_result("pages with other bytes", huge_lost(h), 0);
	huge_end(h);
}

SCENARIO(destructive, huge_page_pinned,
	 "a long-term pin moves a huge page off the device, as it does with a small page")
{
	const struct pin_kind longterm = { .pin = true, .longterm = true };
	struct huge huge;

	need(pin_available(), SKIP_NO_GUP_TEST);
	huge_on_device(&huge);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("bytes pinned", pin_pages(longterm, huge.addr, 1), features.page_size);
	expect_huge_back(&huge);
}

SCENARIO(destructive, huge_page_split,
	 "a huge page on the device comes back complete after mprotect() of a part of it")
{
	struct huge huge;

	huge_on_device(&huge);
	protect_memory(page_in(huge.addr, 5), features.page_size, PROT_READ);
	device_move_back(&huge.device, huge.addr, huge.pages);
	device_move_back(&huge.device, page_in(huge.addr, 5), 1);
	set_rule(RULE_BACK);
	expect_huge_back(&huge);
}

SCENARIO(destructive, huge_page_no_room,
	 "a huge page for which the device has too few free pages is migrated in part or not at "
	 "all, and keeps its bytes")
{
	struct range filling;
	struct huge huge;

	allow_second_chunk();
	huge_begin(&huge, false);
	huge_fill(&huge, huge.addr, true);
	/*
	 * Leave a few pages of the device free, too few for a huge page. The
	 * stories of this test also use some pages.
	 */
	range_map(&filling, device_pages(PLACE_COHERENT) - huge.pages + huge.pages / 16);
	set_rule(RULE_ENTRY);
	must(range_fill(&filling, &huge.device) == filling.pages,
	     "the last of %zu pages did not go to a device that has room for it", filling.pages);
	device_move_to(&huge.device, huge.addr, huge.pages);
	set_rule(RULE_NO_PAGE_NO_MOVE);
	expect_result("pages with other bytes", huge_lost(&huge), 0);
	range_unmap(&filling);
	huge_end(&huge);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_destructive_huge", argc, argv);
}
