/* SPDX-License-Identifier: GPL-2.0 */
/*
 * access.h - the accesses of the matrix: their table, and a function that runs
 * one
 */
#ifndef HMM_COHERENT_ACCESS_H
#define HMM_COHERENT_ACCESS_H

#include "cell/cell.h"

/* All rows; those of gup_access.h are the last. @count gets their number. */
const struct access *access_rows(size_t *count);

struct access_result {
	long value;		/* bytes, 0, -errno or KILLED_BY() */
	size_t cached;		/* pages of the medium that are in the page cache afterwards */
};

/* Run the access of @cell on all of its pages, which cell_make() has made. */
struct access_result access_run(struct cell *cell);

#endif
