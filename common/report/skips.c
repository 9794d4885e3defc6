// SPDX-License-Identifier: GPL-2.0
#include "report/skips.h"

#define SKIP_TEXT(id, what, how) [SKIP_##id] = what ": " how,

#define SKIP_NAME(id, what, how) [SKIP_##id] = #id,

const char *skip_name(enum skip_id id)
{
	static const char *const names[SKIP_COUNT] = { SKIPS(SKIP_NAME) };

	return names[id];
}

const char *skip_reason(enum skip_id id)
{
	static const char *const reasons[SKIP_COUNT] = { SKIPS(SKIP_TEXT) };

	return reasons[id];
}
