/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tracking.h - fixture of the programs tracking, userfaultfd and empty_pages
 *
 * Checkpointing, live migration and garbage collectors depend on the tracking
 * of pages. A page that is migrated to a device and back must always be
 * reported correctly: present, anonymous, written or not, protected or not.
 */
#ifndef HMM_COHERENT_FIXTURE_TRACKING_H
#define HMM_COHERENT_FIXTURE_TRACKING_H

#include "suite/harness.h"

#include "story/story.h"

#define PAGES 3

FIXTURE(tracking)
{
	struct story story;
	int uffd;
};

FIXTURE_VARIANT(tracking)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(tracking, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(tracking, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };

FIXTURE_SETUP(tracking)
{
	self->uffd = -1;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(tracking)
{
	if (self->uffd >= 0)
		close(self->uffd);
	story_end(&self->story);
}

#endif
