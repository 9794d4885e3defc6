/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mapping.h - the mappings of the matrix
 */
#ifndef HMM_COHERENT_MAPPING_H
#define HMM_COHERENT_MAPPING_H

#include "cell/cell.h"

/* All rows. @count gets their number. */
const struct mapping *mapping_rows(size_t *count);

#endif
