/* SPDX-License-Identifier: GPL-2.0 */
/* registered.h - stories whose buffer is registered with a ring */
#ifndef HMM_COHERENT_REGISTERED_H
#define HMM_COHERENT_REGISTERED_H

#include "story/story.h"

/* Seconds within which a worker of the kernel must release the pages of a ring. */
#define RELEASE_S 10

/*
 * Register the whole buffer with the story's ring, check that it is in memory
 * then, and remember its frames.
 */
void register_all(struct story *story);

/* Check under pinned-stays that the pages cannot be migrated. */
void expect_pinned(struct story *story);

/*
 * Check under pin-ends-with-holder that all pages can be migrated. A worker of
 * the kernel releases the pages of a closed ring, so this waits for at most
 * RELEASE_S.
 */
void expect_unpinned(struct story *story);

#endif
