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
 * model before the operation. The model learns the page frames. @thorough: look at
 * all there is, as after the last operation. Returns the number of differences.
 */
int watch(struct mm_model *m, const struct mm_model *before, const struct op *op, bool thorough);

#endif
