/* SPDX-License-Identifier: GPL-2.0 */
/* registered.h - a story whose buffer is registered with its ring */
#ifndef HMM_COHERENT_REGISTERED_H
#define HMM_COHERENT_REGISTERED_H

#include "story/story.h"

/* In seconds: no idle worker of the kernel takes as long to give back what a ring had. */
#define RELEASE_S 10

/*
 * Register the whole buffer with the story's ring, and see that it is in memory
 * then: the frames to compare with from here on.
 */
void register_all(struct story *story);

/* Checks under pinned-stays: the pages do not migrate. */
void expect_pinned(struct story *story);

/*
 * A check under pin-ends-with-holder: all pages can be migrated, now or as soon
 * as the kernel's workers have run. A ring that nobody has open any more gives
 * its pages back when a worker gets to it, so this waits, for RELEASE_S at
 * most.
 */
void expect_unpinned(struct story *story);

#endif
