/* SPDX-License-Identifier: GPL-2.0 */
/*
 * record.h - a cell's outcome as a line of JSON (docs/outcomes.md)
 */
#ifndef HMM_COHERENT_RECORD_H
#define HMM_COHERENT_RECORD_H

#include "judge/judge.h"

/* Print the outcome. @after: the model that judge() returned. */
void record(const struct cell *cell, const struct outcome *outcome, const struct model *after);

#endif
