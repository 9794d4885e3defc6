/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frames.h - check that a device gives out the same page frames after a cell as
 * before
 */
#ifndef HMM_COHERENT_FRAMES_H
#define HMM_COHERENT_FRAMES_H

#include "cell/cell.h"

/*
 * Remember which frames each device of @env gives out next. Call it before the
 * first cell of a process.
 */
void frames_remember(struct cell_env *env);

/*
 * Check that the device at @place still gives out these frames, each once: all
 * pages of the previous cells were returned to the driver. Does nothing for
 * memory.
 */
void frames_expect_back(enum place place);

#endif
