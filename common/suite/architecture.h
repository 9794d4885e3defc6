/* SPDX-License-Identifier: GPL-2.0 */
/* architecture.h - what the kernel lacks on this architecture, whatever its configuration */
#ifndef HMM_COHERENT_ARCHITECTURE_H
#define HMM_COHERENT_ARCHITECTURE_H

/*
 * Why the test @name can never apply on this architecture; NULL if it can. The
 * table in architecture.c has the names of tests. Uses struct features.
 */
const char *architecture_lacks(const char *name);

#endif
