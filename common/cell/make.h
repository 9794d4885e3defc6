/* SPDX-License-Identifier: GPL-2.0 */
/*
 * make.h - a cell's pages, before its access and after it
 */
#ifndef HMM_COHERENT_MAKE_H
#define HMM_COHERENT_MAKE_H

#include "cell/cell.h"

/*
 * Make the buffer of @cell: its pages written, on their place, mapped as the
 * mapping says, and the medium filled. Skips when this machine lacks what the
 * cell needs; fails the cell when its pages do not get to their place.
 */
void cell_make(struct cell *cell, struct cell_env *env);

/* Give back all that the cell has: references, its child, its buffer. */
void cell_end(struct cell *cell);

#endif
