/* SPDX-License-Identifier: GPL-2.0 */
/*
 * flips.h - is each effect of each operation checked? Leave one out of the model
 * at a time: a run must differ from such a model
 */
#ifndef HMM_COHERENT_FLIPS_H
#define HMM_COHERENT_FLIPS_H

#include "explore/generate.h"

/*
 * Try each pair of an operation and an effect that it has in the sequences of
 * @generator, each for at most @seconds. @only: globs of pairs, separated by blanks,
 * such as "write:copy fork:*", or NULL.
 * A pair that nothing notices is a failed check.
 */
void flips_run(const struct generator *generator, int seconds, const char *only);

#endif
