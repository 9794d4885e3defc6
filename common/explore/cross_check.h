/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cross_check.h - the model of the matrix and that of the sequences describe the
 * same kernel: compare them, cell by cell
 */
#ifndef HMM_COHERENT_CROSS_CHECK_H
#define HMM_COHERENT_CROSS_CHECK_H

/*
 * Compare each cell of one page that can be said in operations, for a kernel of
 * @version (601). Needs no kernel. Prints a line for each difference and the
 * number of cells; returns the number of differences.
 */
int cross_check(int version);

#endif
