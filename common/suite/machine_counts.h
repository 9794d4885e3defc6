/* SPDX-License-Identifier: GPL-2.0 */
/*
 * machine_counts.h - counters of the whole machine that every test must leave as
 * they are: pins, locked pages, huge mappings, isolated pages
 *
 * Only for a guest of the suite, where no other process changes them.
 */
#ifndef HMM_COHERENT_MACHINE_COUNTS_H
#define HMM_COHERENT_MACHINE_COUNTS_H

#include <stdbool.h>

/* Read the counters before the first test. False if the kernel or the user cannot. */
bool machine_counts_begin(void);

/*
 * Compare them after a test. Waits for what is released asynchronously, for two
 * seconds if the test has failed already, otherwise for ten. A difference is a
 * failed check of the test that has just run; the current values are those before
 * the next one.
 */
void machine_counts_compare(void);

#endif
