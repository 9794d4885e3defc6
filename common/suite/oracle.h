/* SPDX-License-Identifier: GPL-2.0 */
/*
 * oracle.h - counters and device page frames that every test must leave
 * unchanged
 *
 * The program checks them after some tests (suite/candidates.h), when
 * the last process of the test has ended: pins have been released
 * (nr_foll_pin_acquired and nr_foll_pin_released of /proc/vmstat), page frames
 * have been returned to the driver, and no page counts as locked, mapped huge or
 * isolated (machine_counts.h). A difference fails the test that has just run.
 * The counters are those of the whole machine, so they are only checked in a guest
 * of the suite (HMM_COHERENT_GUEST); device frames are always checked.
 *
 * Not checked here: RSS, which own_counts.h checks, and committed memory and
 * charge, which accounts.c checks with enough pages.
 */
#ifndef HMM_COHERENT_ORACLE_H
#define HMM_COHERENT_ORACLE_H

#include <stdbool.h>

/*
 * Call it before each test, or before some cells, when the devices are known.
 * The first call reads the initial values; later, the values at the end of the
 * previous test are used. @frames: check device frames, too. The matrix does
 * that itself after each cell.
 */
void oracle_begin(bool frames);

/*
 * Call it after the test. Failed checks are added to the test's report. Waits
 * up to ten seconds for asynchronous releases.
 */
void oracle_end(void);

#endif
