/* SPDX-License-Identifier: GPL-2.0 */
/*
 * generate.h - make a random sequence from a seed
 *
 * The same seed makes the same sequence on every kernel and machine: the
 * generator follows a model of its own, of a kernel that has everything.
 */
#ifndef HMM_COHERENT_GENERATE_H
#define HMM_COHERENT_GENERATE_H

#include <stdint.h>

#include "explore/op.h"

struct generator {
	uint64_t seed;
	int shortest, longest;	/* operations */
	const char *only;	/* globs of operations, separated by blanks; NULL: all */
	const char *weights;	/* "fork=5 migrate=0", or NULL */
};

void sequence_generate(struct sequence *sequence, const struct generator *generator);

/*
 * Does each glob of @only match an operation, and has each word of @weights the
 * form NAME=NUMBER? Otherwise false, and a sentence in @error.
 */
bool generator_check(const struct generator *generator, char *error, size_t size);

#endif
