/* SPDX-License-Identifier: GPL-2.0 */
/* races.h - fixture of the programs races and gup_races */
#ifndef HMM_COHERENT_FIXTURE_RACES_H
#define HMM_COHERENT_FIXTURE_RACES_H

#include "suite/harness.h"

#include "story/race.h"
#include "story/story.h"

#define PAGES 4
#define ROUNDS 60

FIXTURE(races)
{
	struct story story;
	struct device remote;
	struct race race;
};

FIXTURE_VARIANT(races)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(races, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(races, private) { .place = PLACE_PRIVATE };

FIXTURE_SETUP(races)
{
	story_begin(&self->story, variant->place, false, PAGES);
	self->race = (struct race){ .story = &self->story,
				    .limit = ROUNDS,
				    .seconds = suite_stress(),
				    .seed = suite_seed() };
}

FIXTURE_TEARDOWN(races)
{
	story_end(&self->story);
}

/* A word of page @page that only one thread increments. */
static volatile uint64_t *counter(struct story *s, size_t page)
{
	return (volatile uint64_t *)buffer_page(&s->buffer, page) + 16;
}

#endif
