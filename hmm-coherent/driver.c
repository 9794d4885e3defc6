// SPDX-License-Identifier: GPL-2.0
/*
 * The driver, which all other tests need: it loads, and its devices migrate
 * pages in both directions
 */
#include "suite/harness.h"

#include "story/story.h"

#define PAGES 3

FIXTURE(driver)
{
	int unused;
};

FIXTURE_SETUP(driver)
{
	self->unused = 0;
}

FIXTURE_TEARDOWN(driver)
{
}

SCENARIO(driver, loads,
	 "test_hmm loads with two ranges of memory and creates its devices, and each can be opened")
{
	static const enum place memories[] = { PLACE_COHERENT, PLACE_REMOTE, PLACE_PRIVATE };
	struct device device;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(memories); i++) {
		set_rule(RULE_DRIVER_LOADS);
		device_open(&device, memories[i], 1);
		expect(device_pages(memories[i]) > 0,
		       "/dev/hmm_dmirror%d has no page frames of its own",
		       device_node(memories[i]));
		device_close(&device);
	}
}

/* The first steps of all other tests, for each device, with a check of each step. */
static void there_and_back(enum place memory)
{
	struct device device;
	struct buffer buffer;
	size_t i;

	device_open(&device, memory, PAGES);
	buffer_map(&buffer, PAGES, memory);
	buffer_write(&buffer, 0, PAGES, BY_OWNER);
	set_rule(RULE_ENTRY);
	expect_result("migration to the device", device_migrate_to(&device, buffer.addr, PAGES), 0);
	for (i = 0; i < PAGES; i++)
		expect_place(i, page_at(0, buffer_page(&buffer, i)).at, memory);
	set_rule(RULE_BACK);
	expect_result("migration back", device_migrate_back(&device, buffer.addr, PAGES), 0);
	for (i = 0; i < PAGES; i++) {
		expect(in_memory(page_at(0, buffer_page(&buffer, i)).at),
		       "page %zu is not in memory", i);
		expect_bytes(buffer_page(&buffer, i), buffer.serial, i, BY_OWNER,
			     "bytes of the page that was migrated back");
	}
	buffer_unmap(&buffer);
	device_close(&device);
}

SCENARIO(driver, takes_pages,
	 "pages can be migrated to each device and back, and keep their bytes")
{
	there_and_back(PLACE_COHERENT);
	there_and_back(PLACE_REMOTE);
	there_and_back(PLACE_PRIVATE);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_driver", argc, argv);
}
