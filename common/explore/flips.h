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

/*
 * Print each pair, and whether the model predicts something else without it in any of
 * some thousand sequences. Returns for how many it does not: their operation hides its
 * own effect. It needs no kernel.
 */
int flips_hidden(const struct generator *generator, const struct mm_kernel *kernel) __must_check;

#endif
