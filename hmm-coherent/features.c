// SPDX-License-Identifier: GPL-2.0
/*
 * The driver and the features that everything else takes for granted
 *
 * A test that is left out, or expects something else, because the kernel lost
 * an ability would hide a regression. So nothing decides by a probe of
 * behaviour what is tested (common/suite/features.c); here the probe is compared with
 * what decided.
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
	 "test_hmm loads with two ranges of memory, makes four devices, and each can be opened")
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

/* What every other test begins with, once for each device, and with every step named. */
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
			     "bytes after it came back");
	}
	buffer_unmap(&buffer);
	device_close(&device);
}

SCENARIO(driver, takes_pages,
	 "each device takes pages of memory and gives them back with their bytes")
{
	there_and_back(PLACE_COHERENT);
	there_and_back(PLACE_REMOTE);
	there_and_back(PLACE_PRIVATE);
}

FIXTURE(features)
{
	int unused;
};

FIXTURE_VARIANT(features)
{
	enum feature feature;
};

FIXTURE_VARIANT_ADD(features, pins_that_stay) { .feature = FEATURE_PIN_STAYS };
FIXTURE_VARIANT_ADD(features, dio_pins) { .feature = FEATURE_DIO_PINS };
FIXTURE_VARIANT_ADD(features, uffd_wp) { .feature = FEATURE_UFFD_WP };
FIXTURE_VARIANT_ADD(features, soft_dirty) { .feature = FEATURE_SOFT_DIRTY };
FIXTURE_VARIANT_ADD(features, mem_force) { .feature = FEATURE_MEM_FORCE };

FIXTURE_SETUP(features)
{
	self->unused = 0;
}

FIXTURE_TEARDOWN(features)
{
}

static const char *answer_text(enum answer answer)
{
	return answer == ANSWER_YES ? "yes" : "no";
}

SCENARIO(features, as_known,
	 "a probe finds of the kernel what its version, configuration or interface says")
{
	const struct feature_row *row = feature_row(variant->feature);
	enum answer known = row->known(), seen = row->probe();
	char what[200];

	need(seen != ANSWER_UNKNOWN, SKIP_NO_PROBE);
	need(known != ANSWER_UNKNOWN, SKIP_ONLY_PROBE_TELLS);
	snprintf(what, sizeof(what), "%s (%s)", row->what, row->decided_by);
	set_rule(RULE_FEATURES_AS_KNOWN);
	expect_same(seen == known, what, answer_text(known), answer_text(seen));
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_features", argc, argv);
}
