/* SPDX-License-Identifier: GPL-2.0 */
/*
 * zone.h - which memory is in ZONE_MOVABLE, by /sys/devices/system/memory
 */
#ifndef HMM_COHERENT_ZONE_H
#define HMM_COHERENT_ZONE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The zones are looked at once. The program copies this memory of @size bytes from the process that
 * did so to the one that runs the tests (suite/prepare.h), as that of devices_table().
 */
void *zones_table(size_t *size);

/* Is the page frame @pfn in ZONE_MOVABLE? */
bool pfn_is_movable(unsigned long pfn);

/* Does this machine have ZONE_MOVABLE memory, and on which NUMA node? Returns the node, or -1. */
int movable_node(void);

/* Skip the test if there is no ZONE_MOVABLE. */
void need_movable(void);

/*
 * A NUMA node with memory and without ZONE_MOVABLE, or -1. With -1, either the
 * zones are unknown, or each node has ZONE_MOVABLE (movable_node()). In the
 * latter case anonymous memory cannot be allocated outside of it, since
 * GFP_HIGHUSER_MOVABLE prefers it (gfp_zone()).
 */
int unmovable_node(void);

#endif
