/* SPDX-License-Identifier: GPL-2.0 */
/*
 * access.h - the accesses of the matrix
 */
#ifndef HMM_COHERENT_ACCESS_H
#define HMM_COHERENT_ACCESS_H

#include "cell/cell.h"

/* All rows; those of gup_access.h are the last. Their number goes into @count. */
const struct access *access_rows(size_t *count);

#endif
