// SPDX-License-Identifier: GPL-2.0
#include "story/registered.h"

#include <poll.h>

#include "kernel/kernel.h"
#include "report/report.h"

void register_all(struct story *s)
{
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("registration", ring_register(&s->ring, s->buffer.addr, s->buffer.size), 0);
	expect_at(s, 0, PLACE_SYSTEM);
	story_remember_frames(s);
}

void expect_pinned(struct story *s)
{
	size_t i;

	set_rule(RULE_PINNED_STAYS);
	story_migrate_to_device(s);
	dm_still_suspended(&s->suspension);
	for (i = 0; i < s->buffer.pages; i++)
		expect_same_frame(s, i);
}

void expect_unpinned(struct story *s)
{
	const enum place device = s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT;
	const long end_ms = now_ms() + RELEASE_S * 1000L;
	size_t there;

	do {
		story_migrate_to_device(s);
		there = pages_at(s->buffer.addr, s->buffer.pages, device);
		if (there < s->buffer.pages)
			poll(NULL, 0, 1);
	} while (there < s->buffer.pages && now_ms() < end_ms);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect(there == s->buffer.pages,
	       "only %zu of %zu pages can be migrated %d s after their registration ended", there,
	       s->buffer.pages, RELEASE_S);
}
