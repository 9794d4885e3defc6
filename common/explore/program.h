/* SPDX-License-Identifier: GPL-2.0 */
/*
 * program.h - write a sequence as a program in plain C that needs nothing of
 * the suite, for a bug report
 */
#ifndef HMM_COHERENT_WRITTEN_PROGRAM_H
#define HMM_COHERENT_WRITTEN_PROGRAM_H

#include <stdio.h>

#include "explore/op.h"

/*
 * Write the program to @out, with what the kernel of sequence_pretend(@version)
 * must do. @parts is the folder common/explore/program of the suite, of whose
 * functions the program gets those that it uses. Returns false and a sentence in
 * @error if they cannot be read.
 */
bool program_print(FILE *out, const struct sequence *sequence, int version, const char *parts,
		   char *error, size_t size);

#endif
