// SPDX-License-Identifier: GPL-2.0
#include "see/place.h"

const char *place_name(enum place place)
{
	static const char *const names[PLACES] = {
		[NOWHERE] = "nowhere",	 [SYSTEM] = "system", [MOVABLE] = "movable",
		[COHERENT] = "coherent", [REMOTE] = "remote", [PRIVATE] = "private",
		[SWAPPED] = "swapped",
	};

	return names[place];
}
