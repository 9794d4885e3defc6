/* SPDX-License-Identifier: GPL-2.0 */
/*
 * prove.h - the state before the access is the one that the cell is about
 */
#ifndef HMM_COHERENT_PROVE_H
#define HMM_COHERENT_PROVE_H

#include "judge/look.h"

/*
 * Look at the pages that cell_make() made. The kernel under test has made them,
 * so a page that is not as the mapping and the place say is a failed check,
 * which ends the cell.
 */
struct state prove(const struct cell *cell);

#endif
