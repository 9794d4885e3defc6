/* SPDX-License-Identifier: GPL-2.0 */
/*
 * since.h - which kernels have a change, by their version
 *
 * For behaviour that the suite must not probe: either it is the behaviour under
 * test, and a kernel that lost it would also change the expectation, or the
 * kernel would not survive the probe. The table has one row for each change,
 * with the commit.
 */
#ifndef HMM_COHERENT_SINCE_H
#define HMM_COHERENT_SINCE_H

#include <stdbool.h>
#include <stdio.h>

#include "kernel/changes.h"
#include "kernel/kernel.h"

/*
 * Does the running kernel have the change? If its version does not decide, the
 * result is @when_unknown of the row in common/kernel/changes.c. Uses
 * features.version, so call it after features_probe().
 */
bool kernel_has(enum kernel_change change);

/*
 * Like kernel_has(), but ANSWER_UNKNOWN if the version does not decide. A probe
 * then decides (suite/features.c).
 */
enum answer kernel_version_says(enum kernel_change change);

/*
 * For a test that may crash a kernel without @change: skip() it on such a
 * kernel. In a VM that was booted for such tests (HMM_COHERENT_APART, see
 * runner/work.py) the test runs with every version, since the version of a tree
 * may be wrong.
 */
void need_survives(enum kernel_change change);

/*
 * Use the rules of the last release of series @version (612 is 6.12) from now
 * on, for a comparison of models that runs nothing.
 */
void kernel_pretend(int version);

/* Was this machine booted for tests that may crash it? */
bool machine_is_apart(void);

/* A "# fact: change NAME yes|no|unknown" line for each. */
void changes_print(FILE *out);

#endif
