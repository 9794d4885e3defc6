/* SPDX-License-Identifier: GPL-2.0 */
/* prove.h - check the state of the pages before the access */
#ifndef HMM_COHERENT_PROVE_H
#define HMM_COHERENT_PROVE_H

#include "judge/look.h"

/*
 * Look at the pages that cell_make() made. If the state of a page is not the
 * one that place and mapping determine, the check fails and the cell ends.
 */
struct state prove(const struct cell *cell);

#endif
