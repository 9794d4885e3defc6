/* SPDX-License-Identifier: GPL-2.0 */
/*
 * output.h - keep the output of a test and of the harness out of the result
 * stream
 */
#ifndef HMM_COHERENT_OUTPUT_H
#define HMM_COHERENT_OUTPUT_H

#include <stdbool.h>

/*
 * Run @body with its stdout and stderr redirected to a file, so that only
 * results reach the result stream. Returns the file.
 */
int output_catch(void (*body)(void));

/* The verdict that the harness printed about a test. */
struct caught {
	bool ok, not_ok;
};

/*
 * Read the verdict from the file of output_catch(). @show: also add its lines
 * to the report, for a reader.
 */
struct caught output_read(int fd, bool show);

#endif
