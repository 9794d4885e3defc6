/* SPDX-License-Identifier: GPL-2.0 */
/*
 * destructive.h - fixture of the programs destructive and destructive_*: tests
 * that may crash a kernel that has one of the bugs in docs/findings.md
 *
 * They run only with --destructive, each test in a separate VM. Each scenario
 * describes what a kernel without the bug does, and passes on such a kernel. On
 * a kernel with the bug, the process, the processor or the whole machine hangs
 * or crashes; the kernel log shows where.
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
