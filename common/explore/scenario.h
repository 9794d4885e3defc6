/* SPDX-License-Identifier: GPL-2.0 */
/* scenario.h - write a sequence as a test of this suite, in the words of story/story.h */
#ifndef HMM_COHERENT_SCENARIO_H
#define HMM_COHERENT_SCENARIO_H

#include <stdio.h>

#include "explore/op.h"

/*
 * Write the file hmm-coherent/NAME.c of a program with this scenario to @out.
 * The arguments are those of program_print(). Returns false and a sentence in
 * @error if an operation cannot be said in these words.
 */
bool scenario_print(FILE *out, const struct sequence *sequence, const char *name,
		    const char *parts, char *error, size_t size);

#endif
