// SPDX-License-Identifier: GPL-2.0
#include "suite/machine_counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "report/rules.h"

#define SETTLE_S 10

static long pins_before;

/*
 * What must not be more after a test than before it. Locked pages need no wait:
 * they are not counted any more when the process has ended (exit_mmap() drains its
 * batches). The counters of folios are those of __folio_mod_stat(), mm/rmap.c, and
 * of those who isolate them from the LRU lists; reclaim and compaction isolate
 * some for a moment. The swap cache is empty when the test's swap file is gone.
 */
enum {
	LEFT_LOCKED, LEFT_ANON_HUGE, LEFT_SHMEM_HUGE, LEFT_FILE_HUGE, LEFT_ISOLATED_ANON,
	LEFT_ISOLATED_FILE, LEFT_SWAP_CACHE, LEFT_MAX
};

static const struct {
	const char *name;	/* in /proc/vmstat */
	const char *what;
	enum rule_id rule;
	bool wait;
} left[LEFT_MAX] = {
	[LEFT_LOCKED] = { "nr_mlock", "counted as locked", RULE_LOCKED_AS_MEMORY, false },
	[LEFT_ANON_HUGE] = { "nr_anon_transparent_hugepages", "counted as mapped huge",
			     RULE_ACCOUNTS_RETURN, true },
	[LEFT_SHMEM_HUGE] = { "nr_shmem_pmdmapped", "counted as mapped huge", RULE_ACCOUNTS_RETURN,
			      true },
	[LEFT_FILE_HUGE] = { "nr_file_pmdmapped", "counted as mapped huge", RULE_ACCOUNTS_RETURN,
			     true },
	[LEFT_ISOLATED_ANON] = { "nr_isolated_anon", "counted as isolated", RULE_ACCOUNTS_RETURN,
				 true },
	[LEFT_ISOLATED_FILE] = { "nr_isolated_file", "counted as isolated", RULE_ACCOUNTS_RETURN,
				 true },
	[LEFT_SWAP_CACHE] = { "nr_swapcached", "counted as in the swap cache",
			      RULE_ACCOUNTS_RETURN, true },
};

static long left_before[LEFT_MAX];

/* The value in a line "name value" of /proc/vmstat. */
static void take_value(const char *line, const char *name, long *value)
{
	const size_t length = strlen(name);

	if (!strncmp(line, name, length) && line[length] == ' ')
		*value = strtol(line + length, NULL, 10);
}

/*
 * Fold the per-CPU counters (Documentation/admin-guide/sysctl/vm.rst,
 * stat_refresh) and read them. False if the kernel or the user cannot. A counter
 * that the kernel does not have is 0.
 */
static bool counters(long *pins, long *now)
{
	long acquired = -1, released = -1;
	char line[128];
	FILE *vmstat;
	int i;

	if (write_text("/proc/sys/vm/stat_refresh", "1"))
		return false;
	memset(now, 0, LEFT_MAX * sizeof(*now));
	now[LEFT_LOCKED] = -1;
	vmstat = fopen("/proc/vmstat", "r");
	while (vmstat && fgets(line, sizeof(line), vmstat)) {
		/* Most of its lines count events, and this is done after each test. */
		if (strncmp(line, "nr_", 3))
			continue;
		take_value(line, "nr_foll_pin_acquired", &acquired);
		take_value(line, "nr_foll_pin_released", &released);
		for (i = 0; i < LEFT_MAX; i++)
			take_value(line, left[i].name, &now[i]);
	}
	if (vmstat)
		fclose(vmstat);
	*pins = acquired - released;
	return acquired >= 0 && released >= 0 && now[LEFT_LOCKED] >= 0;
}

struct counted {
	long pins, left[LEFT_MAX];
	bool readable;
};

/*
 * Pins may be released asynchronously, by io_uring or at the end of a transfer,
 * but not those that a failed test has found to be left.
 */
static bool counters_are_settled(void *data)
{
	struct counted *now = data;
	int i;

	now->readable = counters(&now->pins, now->left);
	if (!now->readable)
		return true;
	for (i = 0; i < LEFT_MAX; i++)
		if (left[i].wait && now->left[i] > left_before[i])
			return false;
	return now->pins == pins_before + report->pins_left;
}

static void expect_counter(enum rule_id rule, const char *what, long expected, long seen)
{
	char expected_text[32], seen_text[32];

	set_rule(rule);
	snprintf(expected_text, sizeof(expected_text), "%ld", expected);
	snprintf(seen_text, sizeof(seen_text), "%ld", seen);
	if (seen != expected)
		expect_same(false, what, expected_text, seen_text);
}

bool machine_counts_begin(void)
{
	return counters(&pins_before, left_before);
}

void machine_counts_compare(void)
{
	struct counted now;
	char what[128];
	int i;

	/* What has not settled by then is told by the checks. */
	if (!wait_until(counters_are_settled, &now, report->failures ? 2 : SETTLE_S))
		report_line("note:", "counters of the machine do not settle within %d s", SETTLE_S);
	if (!now.readable)
		return;
	/* If the test has found pins that are left, these and no others are. */
	expect_counter(RULE_PIN_ENDS_WITH_HOLDER,
		       "pins that were taken by the test and not released when it has ended "
		       "(nr_foll_pin_*)",
		       report->pins_left, now.pins - pins_before);
	for (i = 0; i < LEFT_MAX; i++) {
		snprintf(what, sizeof(what), "pages %s after the test and not before it (%s)",
			 left[i].what, left[i].name);
		expect_counter(left[i].rule, what, 0,
			       now.left[i] > left_before[i] ? now.left[i] - left_before[i] : 0);
	}
	pins_before = now.pins;
	memcpy(left_before, now.left, sizeof(left_before));
}
