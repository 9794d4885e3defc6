/* SPDX-License-Identifier: GPL-2.0 */
/*
 * holder.h - a holder of page 0 of a story: a FOLL_GET reference, a registered
 * buffer of io_uring, or a long-term pin of gup_test
 */
#ifndef HMM_COHERENT_HOLDER_H
#define HMM_COHERENT_HOLDER_H

#include "story/story.h"

enum holder_kind {
	HOLDER_REFERENCE,		/* FOLL_GET: a page in a pipe; see story_hold() */
	HOLDER_FIXED_BUFFER,		/* needs story_medium() and story_ring() */
	/* needs features.pin_stays */
	HOLDER_SLOW_PIN_TO_WRITE,
	HOLDER_FAST_PIN_TO_WRITE,
	HOLDER_SLOW_PIN_TO_READ,
	HOLDER_FAST_PIN_TO_READ,
};

struct holder {
	enum holder_kind kind;
	struct story *story;
	int pin;		/* of gup_test, or -1 */
};

/* Initialize @holder; it holds nothing yet. */
void holder_init(struct holder *holder, enum holder_kind kind, struct story *story);

/* Does the holder pin the page? Then the page is moved to memory first. */
bool holder_pins(const struct holder *holder);
/* Does it pin for writing? Then a shared page is copied, and the pin of a read-only page fails. */
bool holder_pins_to_write(const struct holder *holder);
/* Is @kind a pin of gup_test that outlives the ioctl? */
bool holder_is_gup_test(enum holder_kind kind);

/* Take the reference to page 0. Returns 0 or -errno. */
int holder_take(struct holder *holder) __must_check;

/* Check the bytes that the holder sees. This releases a FOLL_GET reference. */
void holder_expect_sees(struct holder *holder, enum writer writer);

/* Release the reference. Does nothing if none is held. */
void holder_drop(struct holder *holder);

#endif
