/* SPDX-License-Identifier: GPL-2.0 */
/* scenario_file.h - the file of a scenario: its head, fixture and body */
#ifndef HMM_COHERENT_SCENARIO_FILE_H
#define HMM_COHERENT_SCENARIO_FILE_H

#include <stdio.h>

#include "explore/op.h"

#define SCENARIO_NEEDS 8

struct scenario_file {
	const struct sequence *sequence;
	const char *name;
	const char *used;	/* functions that the others call */
	const char *acts;	/* functions for child_call() */
	const char *steps;	/* of the body */
	const char *const *needs;	/* statements before them; NULL is the end */
};

void scenario_file_print(FILE *out, const struct scenario_file *file);

#endif
