/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judge.h - compare what was seen of a cell with what the model says
 */
#ifndef HMM_COHERENT_JUDGE_H
#define HMM_COHERENT_JUDGE_H

#include "cell/access.h"
#include "judge/look.h"
#include "judge/model.h"

/* A cell's whole way. */
struct outcome {
	struct state before;
	struct access_result result;
	struct state after;
};

/*
 * One check for each aspect of each page, and of the result. Returns what
 * @outcome was compared with.
 */
struct model judge(const struct cell *cell, const struct outcome *outcome);

#endif
