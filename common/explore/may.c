// SPDX-License-Identifier: GPL-2.0
#include "explore/may.h"

#include "report/report.h"

/* So many occurrences, all of one kind, are worth a remark. */
#define MANY 50

void may_add(struct run *sum, const struct run *run)
{
	int i;

	for (i = 0; i < MAY_COUNT; i++) {
		sum->may[i][0] += run->may[i][0];
		sum->may[i][1] += run->may[i][1];
	}
}

void may_tell(const struct run *sum)
{
	int i;

	for (i = 0; i < MAY_COUNT; i++) {
		const struct mm_may_text *text = mm_may_text(i);
		const unsigned int *seen = sum->may[i];
		const bool one_way = (!seen[0] || !seen[1]) && seen[0] + seen[1] >= MANY;

		if (seen[0] + seen[1])
			report_line("note:", "%s: %s %u times, %s %u times%s", text->what,
				    text->first, seen[0], text->second, seen[1],
				    one_way ? "; always the same way" : "");
	}
}
