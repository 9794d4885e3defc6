/* SPDX-License-Identifier: GPL-2.0 */
/* place.h - the places where a page can be */
#ifndef HMM_COHERENT_PLACE_H
#define HMM_COHERENT_PLACE_H

#include <stdbool.h>

/* Where a page is. The PFN decides whether it is on a device, not a request to migrate it. */
enum place {
	PLACE_NOWHERE,		/* not mapped: a hole */
	PLACE_SYSTEM,		/* memory outside of ZONE_MOVABLE */
	PLACE_MOVABLE,		/* memory in ZONE_MOVABLE */
	PLACE_COHERENT,		/* on the first device with coherent memory */
	PLACE_REMOTE,		/* on the second one */
	PLACE_PRIVATE,		/* on the first device with private memory */
	PLACE_SWAPPED,		/* not present, and on no known device */
	PLACE_COUNT
};

const char *place_name(enum place place);

/* Is it memory of the system, in any zone? */
static inline bool in_memory(enum place at)
{
	return at == PLACE_SYSTEM || at == PLACE_MOVABLE;
}

#endif
