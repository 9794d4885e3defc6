/* SPDX-License-Identifier: GPL-2.0 */
/*
 * place.h - where a page can be
 */
#ifndef HMM_COHERENT_PLACE_H
#define HMM_COHERENT_PLACE_H

#include <stdbool.h>

/* Where a page is. A page on a device is told by its PFN, not by what somebody asked for. */
enum place {
	PLACE_NOWHERE,		/* not mapped: a hole */
	PLACE_SYSTEM,		/* memory that the allocator need not be able to move */
	PLACE_MOVABLE,		/* memory in ZONE_MOVABLE */
	PLACE_COHERENT,		/* on the first device with coherent memory */
	PLACE_REMOTE,		/* on the second one */
	PLACE_PRIVATE,		/* on the first device with private memory */
	PLACE_SWAPPED,		/* not present, and on no device that we know */
	PLACE_COUNT
};

const char *place_name(enum place place);

/* Is that ordinary memory, of whatever zone? */
static inline bool in_memory(enum place at)
{
	return at == PLACE_SYSTEM || at == PLACE_MOVABLE;
}

#endif
