/* SPDX-License-Identifier: GPL-2.0 */
/*
 * oracle.h - what has to be as it was when a test has ended, whatever the test
 * was about
 *
 * Looked at by the program after some tests (TESTS_PER_LOOK in suite.c), when
 * the last process of one has gone: pins that were taken have been given back
 * (nr_foll_pin_acquired and _released of /proc/vmstat), page frames of the
 * devices are the driver's again, and nothing is counted as locked (Mlocked). A
 * difference fails the test that has just run. Counters of the whole machine
 * say nothing where others use it too, so they are only looked at in a guest of
 * ours (HMM_COHERENT_GUEST); device frames are looked at everywhere.
 *
 * Not here: RSS, of which the kernel itself complains when a process ends ("Bad
 * rss-counter state"), and commitment and charge, which accounts.c moves by
 * enough to be seen among all the others'.
 */
#ifndef HMM_COHERENT_ORACLE_H
#define HMM_COHERENT_ORACLE_H

#include <stdbool.h>

/*
 * Before the first test, once the devices are known, and before each of the
 * others, or before some cells: how things were at the end of the last one is
 * what counts. @frames: are they looked at too? Not for the matrix, which does
 * that itself after each cell.
 */
void oracle_begin(bool frames);

/*
 * After it, with its report still open: failed checks are added to it. What is
 * asynchronous has two seconds to be over.
 */
void oracle_end(void);

#endif
