/* SPDX-License-Identifier: GPL-2.0 */
/* devices.h - fixture of the programs devices, mirrors and exclusive */
#ifndef HMM_COHERENT_FIXTURE_DEVICES_H
#define HMM_COHERENT_FIXTURE_DEVICES_H

#include "suite/harness.h"

#include "story/story.h"

#define PAGES 3

FIXTURE(devices)
{
	struct story story;
	struct device second;	/* a second device file, if the scenario has one */
	bool has_second;
};

FIXTURE_VARIANT(devices)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(devices, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(devices, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };

FIXTURE_SETUP(devices)
{
	self->has_second = false;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(devices)
{
	story_end(&self->story);
	if (self->has_second)
		device_close(&self->second);
}

static inline struct device *open_second(FIXTURE_DATA(devices) (*self), enum place memory)
{
	device_open(&self->second, memory, BUFFER_PAGES_MAX);
	self->has_second = true;
	return &self->second;
}

#endif
