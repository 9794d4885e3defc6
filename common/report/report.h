/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - what the running test has found out so far
 *
 * One report exists at a time. It lies in memory that the program shares with
 * every process that a test forks, so that what was found survives a crash of
 * the test, and so that the verdict does not depend on how the harness of one
 * kernel version passes it on.
 *
 * Only the process that runs the test body reports. Children act, parents judge
 * (see reach/child.h).
 */
#ifndef HMM_COHERENT_REPORT_H
#define HMM_COHERENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report/compiler.h"
#include "report/rules.h"
#include "report/skips.h"

#define REPORT_NAME_MAX 160
#define REPORT_TEXT_MAX (256 * 1024)

struct report {
	char name[REPORT_NAME_MAX];
	int checks;		/* things that were looked at */
	int failures;		/* of these, the ones that did not hold */
	bool finished;		/* the test body reached its end */
	bool broken;		/* the test could not establish its own facts */
	bool skipped;		/* this machine or kernel lacks something */
	bool preparing;		/* no test has begun: what is broken now is the whole program */
	int rule;		/* the rule that is being checked, or -1; see rules.h */
	int rule_told;		/* the rule that was last named in the text, or -1 */
	struct rule_checks {
		int checks;	/* as above, while this was the rule that is being checked */
		int failures;
	} by_rule[RULE_COUNT];
	char reason[256];	/* of the skip */
	const char *allowed[4];	/* kernel messages that this very test provokes: kmsg_allow() */
	size_t used;		/* bytes of text[] that are valid, without the final NUL */
	char text[REPORT_TEXT_MAX];	/* lines "keyword text\n", already quoted */
	bool described[RULE_COUNT];	/* report_print_checks() has described the rule; kept */
};

/* The report of the running test; valid after report_create(). */
extern struct report *report;

/*
 * Make the shared report. Called once, before anything forks. Exits with 3 when
 * there is no memory for it.
 */
void report_create(void);

/* Forget everything and start the report of the test @name. */
void report_begin(const char *name);

/*
 * Add one diagnostic line. @keyword is one of those in docs/architecture.md;
 * the text is quoted and cut as described there.
 */
void report_line(const char *keyword, const char *fmt, ...) __printf(2, 3);

/* As report_line(), for text that is already one line of plain ASCII and must not be cut (JSON). */
void report_raw(const char *keyword, const char *text);

/* What is checked from here on is this rule. */
void set_rule(enum rule_id id);

/*
 * Count one check. When @ok is false the test fails: the current rule is
 * named, and the text, which says what was expected and what was seen, is
 * added. Returns @ok. The test goes on.
 */
bool expect(bool ok, const char *fmt, ...) __printf(2, 3);

/*
 * The same for a pair of texts, which are printed as "expected:" and "seen:".
 * @what says of what.
 */
bool expect_same(bool ok, const char *what, const char *expected, const char *seen);

/*
 * The test cannot establish its own facts: not a statement about the kernel.
 * Ends the test at once by leaving the process: whatever it holds (memory,
 * device files, rings, children) is given back by exit, which is also the one
 * clean-up path that a crash takes.
 */
void broken(const char *fmt, ...) __noreturn __printf(1, 2);

/* End the test at once because of failed checks that make the rest meaningless. */
void give_up(void) __noreturn;

/*
 * A check without which the rest means nothing: as expect(), and give_up() when
 * it does not hold.
 */
void must(bool ok, const char *fmt, ...) __printf(2, 3);

/*
 * A failed check under the current rule that makes the rest meaningless: what the kernel under test
 * did is wrong. Ends the test at once.
 */
void fail_now(const char *fmt, ...) __noreturn __printf(1, 2);

/*
 * Does @error (an errno) say that this machine or this user lacks something,
 * not that the kernel is wrong?
 */
bool is_lack(int error);

/*
 * The system call @what, which is legal here, failed with @error (an errno).
 * Ends the test: broken when is_lack(@error), otherwise a failed check under
 * legal-calls-work.
 */
void syscall_failed(const char *what, int error) __noreturn;

/*
 * This machine or kernel lacks something; the table in report/skips.h says what
 * and how to get it. Only before the first check; after one it is broken().
 */
void skip(enum skip_id id) __noreturn;

/* skip() unless @have. */
void need(bool have, enum skip_id id);

/*
 * No test can run, because of what the kernel did: each test of the program
 * fails under @rule from here on. Both texts are copied; the first call counts.
 */
void report_fail_all(enum rule_id rule, const char *expected, const char *seen);

/* Has report_fail_all() been called? Then fails the running test with what it was given. */
bool report_all_failed(void);

/*
 * The test body reached its end. Without it a test is broken: somebody called
 * exit(0) half way through.
 */
void report_finish(void);

/*
 * Print which rules the running test has checked, and how often: a line
 * "# checks: NAME=CHECKS[/FAILED] ...", and before it, for each rule that no
 * earlier test of this program has checked, the line of rule_print().
 */
void report_print_checks(FILE *out);

/*
 * Quote @text into @out (@size bytes with the NUL): bytes that are not
 * printable ASCII become \xNN; cut to @size.
 */
void report_quote(char *out, size_t size, const char *text);

#endif
