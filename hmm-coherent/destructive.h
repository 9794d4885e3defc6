/* SPDX-License-Identifier: GPL-2.0 */
/*
 * destructive.h - fixture of the programs destructive and destructive_*: what
 * may bring a kernel down that has one of the bugs of docs/findings.md
 *
 * Run only when asked for (--destructive), each test in a VM of its own. Every
 * scenario states what a kernel without the bug does, and passes there. On one
 * that has it the process, the processor or the whole machine is lost, and the
 * kernel's log says where.
 */
#ifndef HMM_COHERENT_FIXTURE_DESTRUCTIVE_H
#define HMM_COHERENT_FIXTURE_DESTRUCTIVE_H

#include "suite/harness.h"

#include "story/story.h"

#define PAGES 3

FIXTURE(destructive)
{
	struct story story;
};

FIXTURE_SETUP(destructive)
{
	story_begin(&self->story, PLACE_COHERENT, false, PAGES);
}

FIXTURE_TEARDOWN(destructive)
{
	story_end(&self->story);
}

#endif
