/* SPDX-License-Identifier: GPL-2.0 */
/*
 * search.h - run random or given sequences, and report the first that fails: the
 * operation, the twin in system memory, and the shortest sequence that fails in
 * the same way
 */
#ifndef HMM_COHERENT_SEARCH_H
#define HMM_COHERENT_SEARCH_H

#include "explore/generate.h"

/* The result stream: what is written there is known also if the machine dies. */
void search_results_to(int fd);

/* Sequences of every @stride-th seed, until one fails or @seconds are over. */
void search_run(struct generator *generator, int stride, double seconds);

/* One sequence, up to @times until it fails. */
void search_replay(const struct sequence *sequence, int times);

/*
 * @sequence has ended a machine, or made it useless. A candidate that does the
 * same to this one is the shorter sequence, which is the last in the result
 * stream: the next machine goes on with it.
 */
void search_shrink(const struct sequence *sequence);

/* The sequence of a seed, in this process and without a minimiser. */
void search_seed(struct generator *generator);

#endif
