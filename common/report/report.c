// SPDX-License-Identifier: GPL-2.0
#include "report/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_MAX_CHARS 1000

struct report *report;

/* Why every test fails. In shared memory like the report, but report_begin() does not clear it. */
static struct failure_of_all {
	bool set;
	enum rule_id rule;
	char expected[200], seen[200];
} *failure_of_all;

static void *map_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("hmm-coherent: no memory for the report of a test");
		exit(3);
	}
	return memory;
}

void report_create(void)
{
	report = map_shared(sizeof(*report));
	failure_of_all = map_shared(sizeof(*failure_of_all));
}

void report_begin(const char *name)
{
	/*
	 * Do not clear the text: 256 KiB for each of a thousand cells would
	 * take most of a cell's time.
	 */
	memset(report, 0, offsetof(struct report, text));
	report->text[0] = '\0';
	report->rule = -1;
	report->rule_told = -1;
	snprintf(report->name, sizeof(report->name), "%s", name);
}

void report_quote(char *out, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text && used + 5 < size; text++) {
		unsigned char c = *text;

		if (c >= 0x20 && c < 0x7f)
			out[used++] = c;
		else
			used += sprintf(out + used, "\\x%02x", c);
	}
	out[used] = '\0';
}

void report_raw(const char *keyword, const char *text)
{
	size_t room = REPORT_TEXT_MAX - report->used;
	int wanted = snprintf(report->text + report->used, room, "%s %s\n", keyword, text);

	/* Leave out a line that does not fit: a truncated line of JSON cannot be parsed. */
	if (wanted < 0 || (size_t)wanted >= room)
		report->text[report->used] = '\0';
	else
		report->used += wanted;
}

static void report_va(const char *keyword, const char *fmt, va_list args)
{
	char plain[2 * LINE_MAX_CHARS], quoted[LINE_MAX_CHARS];

	vsnprintf(plain, sizeof(plain), fmt, args);
	report_quote(quoted, sizeof(quoted), plain);
	report_raw(keyword, quoted);
}

void report_line(const char *keyword, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_va(keyword, fmt, args);
	va_end(args);
}

void set_rule(enum rule_id id)
{
	report->rule = id;
}

static void tell_rule(void)
{
	const struct rule *rule;

	if (report->rule < 0 || report->rule == report->rule_told)
		return;
	rule = rule_get(report->rule);
	report_line("rule:", "%s (%s) %s -- %s", rule->name, rule->claim, rule->source,
		    rule->sentence);
	report->rule_told = report->rule;
}

/* Count one check under the current rule. The text of a failed one begins with the rule. */
static void count_check(bool ok)
{
	struct rule_checks *of_rule = report->rule < 0 ? NULL : &report->by_rule[report->rule];

	report->checks++;
	report->failures += !ok;
	if (of_rule) {
		of_rule->checks++;
		of_rule->failures += !ok;
	}
	if (!ok)
		tell_rule();
}

bool expect_passes(bool ok)
{
	if (ok)
		count_check(true);
	return ok;
}

bool expect(bool ok, const char *fmt, ...)
{
	va_list args;

	count_check(ok);
	if (ok)
		return true;
	va_start(args, fmt);
	report_va("fail:", fmt, args);
	va_end(args);
	return false;
}

bool expect_same(bool ok, const char *what, const char *expected, const char *seen)
{
	count_check(ok);
	if (ok)
		return true;
	report_line("expected:", "%s: %s", what, expected);
	report_line("seen:", "%s: %s", what, seen);
	return false;
}

void give_up(void)
{
	_exit(1);
}

/*
 * A check has failed without which the rest is meaningless. Before the first
 * test, all tests fail.
 */
static void report_failure(const char *fmt, va_list args)
{
	char text[200];

	if (report->preparing) {
		vsnprintf(text, sizeof(text), fmt, args);
		report_fail_all(report->rule < 0 ? RULE_LEGAL_CALLS_WORK :
						   (enum rule_id)report->rule,
				"devices and features can be probed", text);
	} else {
		report_va("fail:", fmt, args);
	}
}

void fail_now(const char *fmt, ...)
{
	va_list args;

	count_check(false);
	va_start(args, fmt);
	report_failure(fmt, args);
	va_end(args);
	give_up();
}

void must(bool ok, const char *fmt, ...)
{
	va_list args;

	count_check(ok);
	if (ok)
		return;
	va_start(args, fmt);
	report_failure(fmt, args);
	va_end(args);
	give_up();
}

bool in_guest(void)
{
	return getenv("HMM_COHERENT_GUEST");
}

bool is_lack(int error)
{
	switch (error) {
	case ENOSYS:
		return true;
	case EPERM:
	case EACCES:
	case ENOMEM:
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOSPC:
	case EROFS:
		/*
		 * In a VM of the suite the tests are root, nothing is locked down, and memory, open
		 * files and disks suffice for each test: a kernel that refuses them is wrong.
		 */
		return !in_guest();
	default:
		return false;
	}
}

void call_failed(enum rule_id rule, const char *what, int error)
{
	if (is_lack(error))
		broken("%s: %s", what, strerror(error));
	/* A failed call violates this rule only, whichever rule was checked before. */
	set_rule(rule);
	fail_now("%s failed: %s", what, strerror(error));
}

void syscall_failed(const char *what, int error)
{
	call_failed(RULE_LEGAL_CALLS_WORK, what, error);
}

void broken(const char *fmt, ...)
{
	va_list args;

	report->broken = true;
	va_start(args, fmt);
	report_va("broken:", fmt, args);
	va_end(args);
	if (report->preparing) {
		printf("# %s", report->text);
		fflush(stdout);
		_exit(3);
	}
	_exit(1);
}

void not_prepared(const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!in_guest())
		broken("%s", text);
	set_rule(RULE_LEGAL_CALLS_WORK);
	fail_now("%s", text);
}

/*
 * A guest of the suite was given the resource, and its kernel refused to make
 * it available: HMM_COHERENT_NO_DIR and so on, set by vm/init.
 */
static void fail_if_refused(enum skip_id id)
{
	char variable[64];
	const char *why;

	snprintf(variable, sizeof(variable), "HMM_COHERENT_%s", skip_name(id));
	why = getenv(variable);
	if (!why)
		return;
	set_rule(RULE_LEGAL_CALLS_WORK);
	fail_now("%s", why);
}

void skip(enum skip_id id)
{
	fail_if_refused(id);
	if (report->checks)
		broken("skipped after %d checks: %s", report->checks, skip_reason(id));
	report->skipped = true;
	report_quote(report->reason, sizeof(report->reason), skip_reason(id));
	report->finished = true;
	_exit(0);
}

void need(bool have, enum skip_id id)
{
	if (!have)
		skip(id);
}

void report_fail_all(enum rule_id rule, const char *expected, const char *seen)
{
	struct failure_of_all *all = failure_of_all;

	if (all->set)
		return;
	all->set = true;
	all->rule = rule;
	snprintf(all->expected, sizeof(all->expected), "%s", expected);
	snprintf(all->seen, sizeof(all->seen), "%s", seen);
}

bool report_all_will_fail(void)
{
	return failure_of_all->set;
}

bool report_all_failed(void)
{
	if (!failure_of_all->set)
		return false;
	set_rule(failure_of_all->rule);
	expect_same(false, "before the first test", failure_of_all->expected,
		    failure_of_all->seen);
	return true;
}

void report_finish(void)
{
	report->finished = true;
}

void report_print_checks(FILE *out)
{
	const struct rule_checks *of_rule;
	bool any = false;
	int i;

	for (i = 0; i < RULE_COUNT; i++) {
		if (!report->by_rule[i].checks || report->described[i])
			continue;
		rule_print(out, i);
		report->described[i] = true;
	}
	for (i = 0; i < RULE_COUNT; i++) {
		of_rule = &report->by_rule[i];
		if (!of_rule->checks)
			continue;
		fprintf(out, "%s %s=%d", any ? "" : "# checks:", rule_get(i)->name,
			of_rule->checks);
		if (of_rule->failures)
			fprintf(out, "/%d", of_rule->failures);
		any = true;
	}
	if (any)
		fputc('\n', out);
}
