/* SPDX-License-Identifier: GPL-2.0 */
/*
 * prepare.h - a look at the machine before the first test, which the kernel
 * under test may not survive
 */
#ifndef HMM_COHERENT_PREPARE_H
#define HMM_COHERENT_PREPARE_H

#include <stdbool.h>
#include <stdio.h>

#include "suite/suite.h"

/*
 * Call suite->provide(@out), and then suite->prepare(@out) in a process of its
 * own, for at most @seconds, and copy the areas suite->kept back. When that
 * process exits with a status of its own, so does this program. When it is
 * killed or does not end, the suite is doomed under the rule kernel-survives.
 */
void prepare_guarded(const struct suite *suite, FILE *out, int seconds);

/* Is the suite doomed? Then fails the running test with what was told to suite_doom(). */
bool prepare_doomed(void);

#endif
