// SPDX-License-Identifier: GPL-2.0
#include "report/skips.h"

#define SKIP_TEXT(id, what, how) [SKIP_##id] = what ": " how,

const char *skip_reason(enum skip_id id)
{
	static const char *const reasons[SKIP_COUNT] = { SKIPS(SKIP_TEXT) };

	return reasons[id];
}
