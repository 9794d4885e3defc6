/* SPDX-License-Identifier: GPL-2.0 */
/*
 * place.h - where a page can be
 */
#ifndef HMM_COHERENT_PLACE_H
#define HMM_COHERENT_PLACE_H

#include <stdbool.h>

/* Where a page is. A page on a device is told by its PFN, not by what somebody asked for. */
enum place {
	NOWHERE,		/* not mapped: a hole */
	SYSTEM,			/* memory that the allocator need not be able to move */
	MOVABLE,		/* memory in ZONE_MOVABLE */
	COHERENT,		/* on the first device with coherent memory */
	REMOTE,			/* on the second one */
	PRIVATE,		/* on the first device with private memory */
	SWAPPED,		/* not present, and on no device that we know */
	PLACES
};

const char *place_name(enum place place);

/* Is that ordinary memory, of whatever zone? */
static inline bool in_memory(enum place at)
{
	return at == SYSTEM || at == MOVABLE;
}

#endif
