/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gup_access.h - the accesses by gup_test
 */
#ifndef HMM_COHERENT_GUP_ACCESS_H
#define HMM_COHERENT_GUP_ACCESS_H

#include "cell/cell.h"

/* The rows, which are part of access_rows(). @count gets their number. */
const struct access *gup_access_rows(size_t *count);

#endif
