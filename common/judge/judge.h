/* SPDX-License-Identifier: GPL-2.0 */
/* judge.h - compare the outcome of a cell with the model */
#ifndef HMM_COHERENT_JUDGE_H
#define HMM_COHERENT_JUDGE_H

#include "cell/access.h"
#include "judge/look.h"
#include "judge/model.h"

/* What was seen of a cell: before the access, its result, and after it. */
struct outcome {
	struct state before;
	struct access_result result;
	struct state after;
};

/*
 * Check each aspect of each page, and the result. Returns the model with which
 * @outcome was compared.
 */
struct model judge(const struct cell *cell, const struct outcome *outcome);

#endif
