/* SPDX-License-Identifier: GPL-2.0 */
/* swap.h - a swap file for one test */
#ifndef HMM_COHERENT_SWAP_H
#define HMM_COHERENT_SWAP_H

#include <stdbool.h>

#include "report/compiler.h"

/*
 * Swap to a file in HMM_COHERENT_DIR, on a disk: with a synchronous device
 * (zram, brd) the kernel would bypass the swap cache. It has room for a few
 * dozen pages. Swapping ends after the test, however the test ends (restore.h).
 * Skips the test if the machine cannot swap.
 */
void swap_on(void);

/* Can the machine swap to a file in HMM_COHERENT_DIR? */
bool __must_check swap_available(void);

/*
 * Make this file, without swapping to it yet. Returns its path, which stays valid.
 * Swapping to it ends after the test, which also removes it.
 */
const char *__must_check swap_make(void);

/* End swapping before the end of the test, which brings back all pages. */
void swap_off(void);

#endif
