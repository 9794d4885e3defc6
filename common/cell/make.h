/* SPDX-License-Identifier: GPL-2.0 */
/*
 * make.h - make the pages of a cell before its access, and release them after
 * it
 */
#ifndef HMM_COHERENT_MAKE_H
#define HMM_COHERENT_MAKE_H

#include "cell/cell.h"

/*
 * Make the buffer of @cell: write its pages, put them to the cell's place, map
 * them as the mapping says, and fill the medium. Skips the cell if the machine
 * lacks something; fails it if the pages do not get to their place.
 */
void cell_make(struct cell *cell, struct cell_env *env);

/* Release what the cell holds: references, its child, its buffer. */
void cell_end(struct cell *cell);

#endif
