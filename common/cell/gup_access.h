/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gup_access.h - the accesses by gup_test
 */
#ifndef HMM_COHERENT_GUP_ACCESS_H
#define HMM_COHERENT_GUP_ACCESS_H

#include "cell/cell.h"

/* The rows, which access_rows() has too. Their number goes into @count. */
const struct access *gup_access_rows(size_t *count);

#endif
