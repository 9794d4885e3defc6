/* SPDX-License-Identifier: GPL-2.0 */
/*
 * race.h - two processors at once: what must hold whoever is first
 *
 * A race has two sides. The first does a number of rounds (or goes on for some
 * seconds), the second keeps at it for as long. Neither knows what the other is
 * doing, so each judges only what has to be true at any moment: a word that
 * only grows never goes back, a transfer that is over is there, a mapping that
 * is read-only now is read-only. The rest is looked at when both have ended.
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
	long rounds;
	char wrong[160];	/* the first thing that did not hold */
};

struct race {
	struct story *story;
	struct device *second;	/* where there are two */
	atomic_bool over;
	atomic_int ready;
	long limit;		/* rounds of the first side */
	long seconds;		/* instead of the rounds, when it is not 0 */
	unsigned long seed;
	struct side first, other;
};

/* The test's own checks are for one thread only: a side remembers what did not hold. */
void went_wrong(struct side *side, const char *fmt, ...) __printf(2, 3);

/*
 * Spend a few hundred instructions, never the same number twice in a row, so
 * that the sides meet in other places each time. Returns a number to draw from.
 */
unsigned int dither(struct side *side);

/* This thread runs on the processor @cpu from now on. */
void on_cpu(int cpu);

/* Find two processors for the sides. Skips where there is one. */
void take_two_cpus(struct race *race);

/*
 * Run both sides to their end, each on a processor of its own; then what they
 * found wrong is checked, under the rule that the caller has set.
 */
void run_race(struct race *race, void (*first)(struct side *), void (*other)(struct side *));

/* A round: the pages of the story go to its device and back. */
void race_migrate(struct side *side);

/*
 * Checks when all is over: nobody holds anything, so every page can go to the
 * device, and is counted once there.
 */
void expect_settled(struct race *race);

#endif
