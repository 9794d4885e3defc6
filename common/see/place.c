// SPDX-License-Identifier: GPL-2.0
#include "see/place.h"

const char *place_name(enum place place)
{
	static const char *const names[PLACE_COUNT] = {
		[PLACE_NOWHERE] = "nowhere", [PLACE_SYSTEM] = "system",
		[PLACE_MOVABLE] = "movable", [PLACE_COHERENT] = "coherent",
		[PLACE_REMOTE] = "remote",   [PLACE_PRIVATE] = "private",
		[PLACE_SWAPPED] = "swapped",
	};

	return names[place];
}
