/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frames.h - does a device give out the same page frames after a cell as before?
 */
#ifndef HMM_COHERENT_FRAMES_H
#define HMM_COHERENT_FRAMES_H

#include "cell/cell.h"

/* Remember which frames each device of @env gives out next. Before the first cell of a process. */
void frames_remember(struct cell_env *env);

/*
 * Check that the device at @place still gives out those, each once: every page
 * of the cells before came back to the driver. Does nothing for memory.
 */
void frames_expect_back(enum place place);

#endif
