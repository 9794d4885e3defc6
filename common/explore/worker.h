/* SPDX-License-Identifier: GPL-2.0 */
/*
 * worker.h - a process that runs one sequence after the other
 *
 * A sequence that fails may leave its process in any state, or end it. So the
 * process that searches and minimises has a worker, and starts a new one after
 * each failure.
 */
#ifndef HMM_COHERENT_WORKER_H
#define HMM_COHERENT_WORKER_H

#include "explore/sequence.h"

enum outcome {
	OUTCOME_RIGHT,
	OUTCOME_DIFFERS,	/* a check failed */
	OUTCOME_COMPLAINT,	/* the kernel log has a complaint */
	OUTCOME_DIED,		/* the process was killed */
	OUTCOME_HUNG,		/* it did not end in time */
	/* this machine is of no use any more: an oops, or a process that does not end */
	OUTCOME_LOST,
	OUTCOME_BROKEN		/* the suite could not do its part */
};

const char *outcome_name(enum outcome outcome);

/* What was wrong with a sequence, to recognize the same failure. */
struct failure {
	enum outcome outcome;
	enum rule_id rule;	/* RULE_COUNT: none */
	const struct op_row *row;	/* of the operation that failed, or NULL */
};

/*
 * Run a sequence in the worker, which is started if there is none. Failed checks
 * are in the report, unless @quiet. @run may be NULL.
 */
struct failure worker_run(const struct sequence *sequence, bool twin, const struct flip *flip,
			  bool quiet, struct run *run);

/* How long one operation may take before a sequence counts as hung; 30 s if this is not called. */
void worker_waits(int seconds);

/*
 * What reads the kernel log after each sequence, so that it does not wrap, and
 * returns the number of complaints.
 */
void worker_reads_log(int (*read_log)(void));

/*
 * Leave out one effect of the model in all sequences that are run without a flip:
 * "write:copy". To see a failure, and what the minimiser makes of it. Returns
 * false if there is no such effect.
 */
bool worker_is_wrong(const char *effect) __must_check;

/* End the worker. */
void worker_stop(void);

static inline bool is_failure(const struct failure *failure)
{
	return failure->outcome != OUTCOME_RIGHT;
}

static inline bool is_same_failure(const struct failure *one, const struct failure *other)
{
	return one->outcome == other->outcome &&
	       (one->outcome == OUTCOME_LOST ||
		(one->rule == other->rule && one->row == other->row));
}

#endif
