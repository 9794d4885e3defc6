/* SPDX-License-Identifier: GPL-2.0 */
/*
 * holder.h - somebody who holds page 0 of a story: by a plain reference, by a
 * registered buffer of io_uring, or by a long-term pin of gup_test
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

/* Nothing is held yet. */
void holder_init(struct holder *holder, enum holder_kind kind, struct story *story);

/* Is it a pin? Then the page is moved to memory first. */
bool holder_pins(const struct holder *holder);
/* Is it pinned for writing? Then a shared page is copied, and a read-only one refused. */
bool holder_pins_to_write(const struct holder *holder);
/* Is it a pin of gup_test that outlives the ioctl? */
bool holder_is_gup_test(enum holder_kind kind);

/* Take hold of page 0. Returns 0 or -errno. */
int holder_take(struct holder *holder) __must_check;

/* One check of the bytes that the holder sees. A plain reference is given up by that. */
void holder_expect_sees(struct holder *holder, enum writer writer);

/* Let go. Nothing happens when nothing is held. */
void holder_drop(struct holder *holder);

#endif
