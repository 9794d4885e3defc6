/* SPDX-License-Identifier: GPL-2.0 */
/*
 * race.h - two threads on two processors, to test races
 *
 * A race has two sides. The first runs a number of rounds (or for some
 * seconds), fewer on a slow machine, and on until the second has completed a
 * round; the second runs until the first has ended. Neither knows what the
 * other one is doing, so each checks only conditions that are always true: a
 * counter never decreases, the bytes of a completed transfer are in the page, a
 * read-only mapping cannot be written. The other checks follow when both have
 * ended.
 */
#ifndef HMM_COHERENT_RACE_H
#define HMM_COHERENT_RACE_H

#include <stdatomic.h>

#include "report/compiler.h"
#include "story/story.h"

struct race;

struct side {
	struct race *race;
	int cpu;
	void (*round)(struct side *side);
	unsigned int random;
	atomic_long rounds;
	char wrong[160];	/* the first condition that failed */
};

struct race {
	struct story *story;
	struct device *second;	/* the second device, if the race has one */
	atomic_bool over;
	atomic_int ready;
	long limit;		/* rounds of the first side */
	long seconds;		/* if it is not 0, instead of @limit */
	unsigned long seed;
	struct side first, other;
};

/* Record a failed condition of this side. Checks may be made by one thread only. */
void went_wrong(struct side *side, const char *fmt, ...) __printf(2, 3);

/*
 * Spend a pseudo-random number of up to a thousand iterations, so that the
 * sides meet at different points. Returns a pseudo-random number.
 */
unsigned int dither(struct side *side);

/* Bind this thread to the processor @cpu. */
void on_cpu(int cpu);

/* Choose two processors for the sides. Skips the test if there is only one. */
void take_two_cpus(struct race *race);

/*
 * Run both sides to their end, each on its own processor. Then check that no
 * side has recorded a failed condition, under the caller's rule.
 */
void run_race(struct race *race, void (*first)(struct side *), void (*other)(struct side *));

/* A round that migrates the pages of the story to its device and back. */
void race_migrate(struct side *side);

/*
 * Check after the race that no reference is left: each page can be migrated to
 * the device, and its reference count there is one.
 */
void expect_settled(struct race *race);

#endif
