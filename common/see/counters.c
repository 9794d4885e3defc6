// SPDX-License-Identifier: GPL-2.0
#include "see/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"

long counters_hidden(void)
{
	const long batch = 2 * sysconf(_SC_NPROCESSORS_CONF);

	return 2 * (batch > 64 ? batch : 64) + 128;
}

long counters_many(void)
{
	return 4 * counters_hidden();
}

static long counted(const char *path, const char *key)
{
	long kilobytes = read_counter(path, key);

	if (kilobytes < 0)
		not_prepared("%s has no %s", path, key);
	return kilobytes * 1024 / (long)features.page_size;
}

long resident_pages(void)
{
	return counted("/proc/self/status", "RssAnon");
}

long committed_pages(void)
{
	return counted("/proc/meminfo", "Committed_AS");
}

bool is_within(long seen, long expected, long margin)
{
	return seen > expected - margin && seen < expected + margin;
}

void expect_within(const char *what, long seen, long expected, long margin)
{
	char expected_text[64], seen_text[64];

	snprintf(expected_text, sizeof(expected_text), "%ld pages, plus or minus %ld", expected,
		 margin);
	snprintf(seen_text, sizeof(seen_text), "%ld pages", seen);
	expect_same(is_within(seen, expected, margin), what, expected_text, seen_text);
}

void expect_about(const char *what, long seen, long expected)
{
	expect_within(what, seen, expected, counters_hidden());
}

bool smaps_text(const void *addr, const char *key, char *text, size_t size)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	const size_t length = strlen(key);
	unsigned long start, end;
	bool here = false, found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start <= (unsigned long)addr && (unsigned long)addr < end;
		else
			found = here && !strncmp(line, key, length) && line[length] == ':';
	}
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
	snprintf(text, size, "%s", found ? line + length + 1 : "");
	return found;
}

long smaps_bytes(const void *addr, const char *key)
{
	char text[64];

	return smaps_text(addr, key, text, sizeof(text)) ? strtol(text, NULL, 10) * 1024 : -ENOENT;
}
