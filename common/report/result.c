// SPDX-License-Identifier: GPL-2.0
#include "report/result.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"

void result_text(char *text, size_t size, long result)
{
	if (IS_SIGNAL(result))
		snprintf(text, size, "SIG%s", sigabbrev_np(SIGNAL_OF(result)));
	else if (result < 0)
		snprintf(text, size, "%s",
			 strerrorname_np(-result) ? strerrorname_np(-result) : "unknown error");
	else
		snprintf(text, size, "%ld", result);
}

void expect_result(const char *what, long seen, long expected)
{
	char expected_text[64], seen_text[64];

	if (expect_passes(seen == expected))
		return;
	result_text(expected_text, sizeof(expected_text), expected);
	result_text(seen_text, sizeof(seen_text), seen);
	expect_same(false, what, expected_text, seen_text);
}

static void bytes_text(char *text, size_t size, long result)
{
	long page = sysconf(_SC_PAGESIZE);

	if (result <= 0 || result % page)
		result_text(text, size, result);
	else
		snprintf(text, size, "%ld page%s", result / page, result == page ? "" : "s");
}

void expect_byte_count(const char *what, long seen, long expected)
{
	char expected_text[64], seen_text[64];

	if (expect_passes(seen == expected))
		return;
	bytes_text(expected_text, sizeof(expected_text), expected);
	bytes_text(seen_text, sizeof(seen_text), seen);
	expect_same(false, what, expected_text, seen_text);
}
