// SPDX-License-Identifier: GPL-2.0
/* What the test programs take for a kernel complaint: for each message on stdin, "1" or "0". */
#define _GNU_SOURCE
#include "common/kmsg.c"

static struct report none;
struct report *report = &none;

void report_line(const char *keyword, const char *fmt, ...)
{
	(void)keyword;
	(void)fmt;
}

int main(void)
{
	char text[1024];

	while (fgets(text, sizeof(text), stdin)) {
		text[strcspn(text, "\n")] = '\0';
		printf("%d\n", kmsg_is_splat(text));
	}
	return 0;
}
