// SPDX-License-Identifier: GPL-2.0
/*
 * A device without free pages: each of its pages has one user, and another page
 * is only migrated after one was freed
 */
#include "suite/harness.h"

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/range.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 3

/* There is one variant only, because the test takes seconds under emulation. */
FIXTURE(device_full)
{
	struct story story;
};

FIXTURE_SETUP(device_full)
{
	story_begin(&self->story, PLACE_COHERENT, false, PAGES);
}

FIXTURE_TEARDOWN(device_full)
{
	story_end(&self->story);
}

static uint64_t *stamp(const struct range *fill, unsigned long page)
{
	return (uint64_t *)(fill->addr + page * features.page_size);
}

SCENARIO(device_full, each_page_once,
	 "a device takes as many pages as it has, each frame once; another page stays in memory "
	 "until one is freed")
{
	struct story *s = &self->story;
	unsigned long page, filled, wrong = 0;
	struct device device;
	struct range fill;

	/* The driver tries to add its own range a second time. */
	allow_second_chunk();
	/* The last page of the story is migrated later. */
	device_move_back(&s->device, buffer_page(&s->buffer, 2), 1);
	/* Each page was never written, so it becomes a zeroed page of the device. */
	device_share(&device, &s->device, RANGE_STEP);
	range_map(&fill, device_pages(PLACE_COHERENT) + RANGE_STEP);
	filled = range_fill(&fill, &device);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("pages that went to the device", filled, device_pages(PLACE_COHERENT) - 2);

	set_rule(RULE_NO_PAGE_NO_MOVE);
	expect_result("migration of another page",
		      device_migrate_to(&s->device, buffer_page(&s->buffer, 2), 1),
		      -ENOENT);
	expect_at(s, 2, PLACE_SYSTEM);
	expect_owner_sees(s, 2, BY_OWNER);

	set_rule(RULE_ENTRY);
	for (page = 0; page < filled; page++)
		wrong += *stamp(&fill, page) != 0;
	expect_result("pages that are not zero", wrong, 0);
	for (page = 0; page < filled; page++)
		*stamp(&fill, page) = page + 1;
	for (page = 0; page < filled; page++)
		wrong += *stamp(&fill, page) != page + 1;
	expect_result("pages with the bytes of another one", wrong, 0);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, 1, BY_OWNER);

	unmap_memory(fill.addr, features.page_size);
	device_move_to(&s->device, buffer_page(&s->buffer, 2), 1);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_at(s, 2, PLACE_COHERENT);
	expect_owner_sees(s, 2, BY_OWNER);
	range_unmap(&fill);
	device_close(&device);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_device_full", argc, argv);
}
