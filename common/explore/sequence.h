/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sequence.h - run a sequence: each operation in the model and in the world, and
 * the comparison after it
 */
#ifndef HMM_COHERENT_SEQUENCE_H
#define HMM_COHERENT_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "explore/op.h"
#include "explore/watch.h"

/* What came out of a sequence. */
struct run {
	int done, left_out;	/* operations */
	uint64_t left_out_ops;	/* which: BIT_ULL() of its number, from 0 */
	int failed_at;		/* the operation, from 0; -1: none failed */
	struct mm_kernel kernel;	/* as the model takes it to be */
	unsigned int may[MAY_COUNT][2];	/* what the kernel may do, and did */
	/* what it cost */
	struct {
		int count;
		double seconds;
		double least;	/* of one: what it takes on a machine with nothing else to do */
	} cost[OP_ROWS_MAX];
	double watching[WATCH_COUNT], ending;	/* seconds */
	double least_watching;
};

/* An effect of a row that is left out of the model, or NULL. */
struct flip {
	const struct op_row *row;
	enum mm_effect effect;
};

/*
 * Instead of the running kernel: the last release of series @version (612 is
 * 6.12), on a machine that has everything. For what is only printed.
 */
void sequence_pretend(int version);

/* The running kernel and this machine; call it after features_probe() and world_open(). */
struct mm_kernel sequence_kernel(void);

/* Counts the operations that are done, for a process that waits for them. May be NULL. */
extern unsigned int *sequence_steps;

/*
 * Run it. With @twin the pages stay in system memory. Differences are reported
 * as failed checks; the sequence ends with the first operation that has one.
 */
struct run sequence_run(const struct sequence *sequence, bool twin, const struct flip *flip);

#endif
