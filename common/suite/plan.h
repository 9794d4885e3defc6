/* SPDX-License-Identifier: GPL-2.0 */
/* plan.h - the command line of a program, and the list of tests to run */
#ifndef HMM_COHERENT_PLAN_H
#define HMM_COHERENT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct suite_test {
	const char *name;	/* [a-z0-9._-]+, unique over all programs */
	const char *what;	/* one line: what it checks */
	const void *arg;	/* for the program's own use */
	/*
	 * suite.run_cell() runs it in a process that it shares with adjacent
	 * cells; otherwise suite.run_test() runs it
	 */
	bool cell;
	int number;		/* for the program's own use */
};

/* A program and all of its tests. */
struct test_set {
	const char *program;
	struct suite_test *tests;
	size_t count;
};

struct suite_options {
	bool list, verbose;
	int timeout_s;		/* seconds until a test is killed */
	unsigned long seed;
	const char *run_list;	/* a file of names, or NULL */
	char **globs;
	int glob_count;
};

struct plan {
	const struct suite_test **tests;
	size_t count;
};

/* Read the options of the program. Exits with 2 for wrong use, with 0 after --help. */
struct suite_options suite_options_read(const char *program, int argc, char **argv);

/*
 * The tests that @options select, in the order in which they run. Exits with 2
 * if a name or a glob is unknown.
 */
struct plan plan_make(const struct test_set *set, const struct suite_options *options);

/*
 * Remove the tests from @plan that can never apply to the running kernel, and
 * print a line with the reason for each to @out. @why_not has the reason for
 * each test of the plan, or NULL if the test applies.
 */
void plan_drop(struct plan *plan, const char *const *why_not, FILE *out);

/* Print a line for each test: its name, a tab, and what it checks. */
void plan_list(const struct test_set *set);

#endif
