/* SPDX-License-Identifier: GPL-2.0 */
/*
 * result.h - results of accesses and system calls: a number of bytes or 0,
 * -errno, or the signal that ended the access
 */
#ifndef HMM_COHERENT_RESULT_H
#define HMM_COHERENT_RESULT_H

#include <stddef.h>

/* Result of an access that ended in a signal instead of an errno. */
#define KILLED_BY(signal) (-1000L - (signal))
#define IS_SIGNAL(result) ((result) < -1000L)
#define SIGNAL_OF(result) (-(result) - 1000)

/* The result as text: "4096", "EFAULT", "SIGSEGV". */
void result_text(char *text, size_t size, long result);

/* Check that a call, which @what names, had the result @expected. */
void expect_result(const char *what, long seen, long expected);

/*
 * The same for a number of bytes, which is printed as pages if it is a whole
 * number of them: known-issues.toml compares texts, whatever the page size is.
 */
void expect_byte_count(const char *what, long seen, long expected);

#endif
