// SPDX-License-Identifier: GPL-2.0
#include "suite/candidates.h"

#include <stdio.h>
#include <string.h>

#include "report/report.h"

#define TESTS_PER_LOOK 16

static const char *tests[TESTS_PER_LOOK];
static int count;

bool candidates_add(const char *name)
{
	tests[count++] = name;
	return count == TESTS_PER_LOOK;
}

void candidates_print(void)
{
	char command[900];
	size_t used = 0;
	int i;

	if (count == 1)
		return;
	report_line("note:",
		    "this is checked after every %d tests: each of these %d may be the cause. To "
		    "find it, run them one at a time:",
		    TESTS_PER_LOOK, count);
	for (i = 0; i < count; i++) {
		if (used + strlen(tests[i]) + 2 > sizeof(command)) {
			report_line("note:", "%s", command);
			used = 0;
		}
		used += snprintf(command + used, sizeof(command) - used, "%s %s",
				 used ? "" : "./run_tests.sh", tests[i]);
	}
	report_line("note:", "%s", command);
}

void candidates_clear(void)
{
	count = 0;
}
