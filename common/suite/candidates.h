/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests that may have left behind what the checks of oracle.h find. These
 * checks take as long as a test, so they run once for several tests.
 */
#ifndef HMM_COHERENT_CANDIDATES_H
#define HMM_COHERENT_CANDIDATES_H

#include <stdbool.h>

/*
 * A test has ended whose traces are not checked yet. Return true if the checks
 * are due. @name has to stay valid until candidates_clear().
 */
bool candidates_add(const char *name);

/* The checks failed: print the commands that find the test among the candidates. */
void candidates_print(void);

/* The checks were made: there are no candidates. */
void candidates_clear(void);

#endif
