/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - the results of the running test so far
 *
 * There is one report at a time, in memory that the program shares with every
 * process that a test forks. So the results survive a crash of the test, and
 * the verdict does not depend on how the harness of a kernel version passes it
 * on.
 *
 * Only the process that runs the test body reports. Its children carry out
 * requests and return the results (see reach/child.h).
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
	int checks;		/* number of checks so far */
	int failures;		/* failed ones among them */
	bool finished;		/* the test body reached its end */
	bool broken;		/* the test could not be carried out */
	bool skipped;		/* this machine or kernel lacks something */
	/* no test has begun: broken() ends the whole program, fail_now() fails all tests */
	bool preparing;
	long pins_left;		/* that failed checks have found; suite/oracle expects them */
	int rule;		/* the rule that is being checked, or -1; see rules.h */
	int rule_told;		/* the rule that was last named in the text, or -1 */
	struct rule_checks {
		int checks;	/* as above, while this was the rule that is being checked */
		int failures;
	} by_rule[RULE_COUNT];
	char reason[256];	/* of the skip */
	const char *allowed[4];	/* kernel messages that this test causes on purpose: kmsg_allow() */
	size_t used;		/* bytes of text[] that are valid, without the final NUL */
	char text[REPORT_TEXT_MAX];	/* lines "keyword text\n", already quoted */
	bool described[RULE_COUNT];	/* report_print_checks() has described the rule; kept */
};

/* The report of the running test; valid after report_create(). */
extern struct report *report;

/*
 * Allocate the shared report. Call it once, before the first fork. Exits with 3
 * if there is no memory.
 */
void report_create(void);

/* Clear the report and start that of the test @name. */
void report_begin(const char *name);

/*
 * Add one diagnostic line. @keyword is one of those in docs/architecture.md;
 * the text is quoted and cut as described there.
 */
void report_line(const char *keyword, const char *fmt, ...) __printf(2, 3);

/* Like report_line(), for text that is one line of plain ASCII and must not be truncated (JSON). */
void report_raw(const char *keyword, const char *text);

/* The checks that follow are checks of this rule. */
void set_rule(enum rule_id id);

/*
 * Count one check. If @ok is false, the test fails: the current rule and the
 * text, which says what was expected and what was seen, are added to the
 * report. Returns @ok. The test continues.
 */
bool expect(bool ok, const char *fmt, ...) __printf(2, 3);

/*
 * Like expect(), with two texts that are printed as "expected:" and "seen:".
 * @what names the object that they describe.
 */
bool expect_same(bool ok, const char *what, const char *expected, const char *seen);

/*
 * If @ok, count a check that passes. For a caller that makes the texts of a
 * failed check only when there is one. Returns @ok.
 */
bool expect_passes(bool ok) __must_check;

/*
 * The test cannot be carried out; this says nothing about the kernel. Ends the
 * test at once by exiting the process. The exit releases what the test holds
 * (memory, device files, rings, children), as it does after a crash.
 */
void broken(const char *fmt, ...) __noreturn __printf(1, 2);

/* End the test at once after failed checks without which the rest is meaningless. */
void give_up(void) __noreturn;

/*
 * A check without which the rest of the test is meaningless: like expect(), and
 * give_up() if it fails.
 */
void must(bool ok, const char *fmt, ...) __printf(2, 3);

/*
 * A failed check of the current rule without which the rest of the test is
 * meaningless. Ends the test at once.
 */
void fail_now(const char *fmt, ...) __noreturn __printf(1, 2);

/*
 * Is this a guest of the suite, in which the tests have all rights and no other
 * process changes the counters of the machine?
 */
bool in_guest(void);

/*
 * Does @error (an errno) mean that the machine lacks a resource or the user a
 * privilege, and not that the kernel is wrong? In a guest of the suite nothing
 * is lacking but system calls that the kernel does not have (ENOSYS).
 */
bool is_lack(int error);

/*
 * The system call @what, which is valid here, failed with @error (an errno).
 * Ends the test: as broken if is_lack(@error), otherwise with a failed check of
 * legal-calls-work.
 */
void syscall_failed(const char *what, int error) __noreturn;

/*
 * The kernel did not do what the test needs, although no call failed: no large
 * folio, a page on another node, a file of /proc without a line. Ends the test.
 * In a guest of the suite, which has all that it takes, this is a failed check
 * of legal-calls-work. Elsewhere the machine may be the reason: broken.
 */
void not_prepared(const char *fmt, ...) __noreturn __printf(1, 2);

/* As syscall_failed(), with a failed check of @rule. */
void call_failed(enum rule_id rule, const char *what, int error) __noreturn;

/*
 * The machine or the kernel lacks something that the test needs; the table in
 * report/skips.h says what and how to get it. Call it before the first check;
 * after one it is broken().
 */
void skip(enum skip_id id) __noreturn;

/* skip() unless @have. */
void need(bool have, enum skip_id id);

/*
 * No test can run, because the kernel failed: each test of the program fails
 * under @rule from now on. Both texts are copied; later calls are ignored.
 */
void report_fail_all(enum rule_id rule, const char *expected, const char *seen);

/* Was report_fail_all() called? */
bool report_all_will_fail(void);

/* If report_fail_all() was called, fail the running test with its arguments and return true. */
bool report_all_failed(void);

/*
 * The test body reached its end. A test that ends without this call is broken:
 * it called exit(0) half way.
 */
void report_finish(void);

/*
 * Print which rules the running test has checked and how often, as a line "#
 * checks: NAME=CHECKS[/FAILED] ...". Before it print the line of rule_print()
 * for each rule that no earlier test of this program has checked.
 */
void report_print_checks(FILE *out);

/*
 * Copy @text to @out (@size bytes with the NUL), with \xNN for each byte that
 * is not printable ASCII, and truncate it to @size.
 */
void report_quote(char *out, size_t size, const char *text);

#endif
