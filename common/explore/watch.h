/* SPDX-License-Identifier: GPL-2.0 */
/*
 * watch.h - look at the whole world after an operation, and compare it with the
 * model
 */
#ifndef HMM_COHERENT_WATCH_H
#define HMM_COHERENT_WATCH_H

#include "explore/mm_model.h"
#include "explore/op.h"

/*
 * Compare, and report each difference under the rule of @op if the operation
 * changed the page, and under nothing-else-changes if it did not. @before is the
 * model before the operation. The model learns the page frames. @thorough: also
 * dump each page of the owner. Returns the number of differences.
 */
int watch(struct mm_model *m, const struct mm_model *before, const struct op *op, bool thorough);

/*
 * The pages that the kernel counts as locked, in the whole system; -1 if that is
 * not known exactly. After a sequence there must be as many as before it.
 */
long watch_locked(void) __must_check;
bool watch_unlocked(long before) __must_check;

#endif
