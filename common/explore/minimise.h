/* SPDX-License-Identifier: GPL-2.0 */
/* minimise.h - make a sequence that fails shorter, so that it still fails in the same way */
#ifndef HMM_COHERENT_MINIMISE_H
#define HMM_COHERENT_MINIMISE_H

#include <time.h>

#include "explore/worker.h"

struct minimising {
	struct sequence best;	/* the shortest that fails */
	struct failure failure;
	bool twin;
	int tried, smaller;
	int failed_at;		/* the operation that failed, or -1 */
	int seconds;		/* the most that it may take */
	double end;		/* when that is over, by now_s() */
	bool lost;		/* this machine is of no use after the last candidate */
	/* Called before each candidate runs, since it may end this machine. May be NULL. */
	void (*announce)(const struct sequence *candidate);
	/* Called for each that fails, since this run may be interrupted. May be NULL. */
	void (*found)(const struct sequence *candidate);
};

/*
 * Leave out operations, processes and pages, as long as the failure stays the
 * same.
 */
void minimise(struct minimising *minimising);

#endif
