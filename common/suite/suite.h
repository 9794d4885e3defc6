/* SPDX-License-Identifier: GPL-2.0 */
/*
 * suite.h - list, select and run the tests of a program, and print the results
 * as KTAP
 *
 * The kselftest harness runs a test in a separate process and kills it after a
 * timeout. Everything else that a verdict depends on is done here, because no
 * kernel's harness does all of it: selection (that of 6.1 ignores its options),
 * order, a plan that counts the tests that run, and the detection of tests that
 * check nothing or exit half way, of processes that they leave running, and of
 * kernel complaints.
 */
#ifndef HMM_COHERENT_SUITE_H
#define HMM_COHERENT_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "suite/plan.h"
#include "suite/prepare.h"

struct suite {
	struct test_set set;

	struct preparation preparation;
	/*
	 * The reason why @test can never apply to the running kernel, a string
	 * constant, or NULL if it can. Runs in the process of
	 * preparation.prepare(), after it. May be NULL.
	 */
	const char *(*not_applicable)(const struct suite_test *test);
	/*
	 * Run one test in a separate process, for at most @seconds. The caller
	 * redirects its stdout and stderr.
	 */
	void (*run_test)(const struct suite_test *test, int seconds);
	/* Fork a process that calls suite_run_cells(), and wait for it. */
	void (*run_cells)(int seconds);
	/* Called once in each of these processes, before the first cell. */
	void (*cells_setup)(void);
	/* The body of one cell. */
	void (*run_cell)(const struct suite_test *test);
};

/* The value of --seed (default 1): the seed for all randomness in the tests. */
unsigned long suite_seed(void);

/*
 * HMM_COHERENT_STRESS: seconds for which each race runs; 0 for its default
 * number of rounds.
 */
long suite_stress(void);

/*
 * Read the kernel log so far, and report the complaints in it: for a cell that
 * runs so long that the log would wrap. Returns the number of complaints.
 */
int suite_read_log(void);

/* Run the cells, in the process that suite.run_cells() forked. */
void suite_run_cells(void);

/* main() of a program. Returns its exit status, see docs/architecture.md. */
int suite_main(const struct suite *suite, int argc, char **argv);

#endif
