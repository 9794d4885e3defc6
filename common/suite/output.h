/* SPDX-License-Identifier: GPL-2.0 */
/*
 * output.h - what a test and the harness print, kept out of the result stream
 */
#ifndef HMM_COHERENT_OUTPUT_H
#define HMM_COHERENT_OUTPUT_H

#include <stdbool.h>

/*
 * Run @body with its stdout and stderr in a file, so that nothing but results
 * reaches the result stream. Returns the file.
 */
int output_catch(void (*body)(void));

/* What the harness printed about a test: its verdict. */
struct caught {
	bool ok, not_ok;
};

/*
 * Read the file of output_catch() for the verdict; @show: add its lines to the
 * report, for a person.
 */
struct caught output_read(int fd, bool show);

#endif
