/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fail_nth.h - let the n-th allocation or copy of a system call fail
 * (Documentation/fault-injection/fault-injection.rst)
 *
 * Counted are allocations of slab objects and of pages that may fail, and
 * copies from and to user space, by this thread only.
 */
#ifndef HMM_COHERENT_FAIL_NTH_H
#define HMM_COHERENT_FAIL_NTH_H

#include <stdbool.h>

#include "report/compiler.h"

/*
 * Prepare the failure points of the kernel; after the test they are as before.
 * Skips the test if the kernel has none.
 */
void fail_nth_prepare(void);

/* The @n-th failure point from now on fails, once. Allocates nothing. */
void fail_nth(unsigned int n);

/*
 * No failure point fails any more. Returns whether one has failed since
 * fail_nth(): if not, there were fewer than @n.
 */
bool __must_check fail_nth_end(void);

#endif
