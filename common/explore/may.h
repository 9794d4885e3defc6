/* SPDX-License-Identifier: GPL-2.0 */
/*
 * may.h - what the kernel may do in one way or the other, and how often it did
 *
 * The model follows what it sees there. A "may" that always goes one way is not
 * an error, but the model could then be stricter, or no sequence gets to where the
 * other way is taken.
 */
#ifndef HMM_COHERENT_MAY_H
#define HMM_COHERENT_MAY_H

#include "explore/sequence.h"

/* Add what was seen in @run to @sum. */
void may_add(struct run *sum, const struct run *run);

/* One note for each "may" that occurred. */
void may_tell(const struct run *sum);

#endif
