/* SPDX-License-Identifier: GPL-2.0 */
/*
 * suite.h - a program's list of tests: listed, selected, run one after the
 * other, told as KTAP
 *
 * The kselftest harness isolates a test in a process of its own and kills it
 * when its time is up. Everything that a verdict rests on is done here, because
 * the harness of no kernel does all of it: selection (6.1's ignores its
 * options), order, a plan that counts what runs, a test that checked nothing,
 * one that left half way, what it left running, and kernel complaints.
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
	/* Why @test can never apply to the running kernel, or NULL when it can. May be NULL. */
	const char *(*not_applicable)(const struct suite_test *test);
	/*
	 * Run one test in a process of its own, at most @seconds long. Its
	 * stdout and stderr are caught by the caller.
	 */
	void (*run_test)(const struct suite_test *test, int seconds);
	/* Fork a process that calls suite_run_cells(), and wait for its end. */
	void (*run_cells)(int seconds);
	/* Called once in each such process before its first cell. */
	void (*cells_setup)(void);
	/* The body of one cell. */
	void (*run_cell)(const struct suite_test *test);
};

/* The seed given by --seed (default 1): everything random in a test is derived from it. */
unsigned long suite_seed(void);

/*
 * HMM_COHERENT_STRESS: seconds for which a race shall go on, 0 when it has its
 * own number of rounds.
 */
long suite_stress(void);

/* For the process that suite.run_cells() forked. */
void suite_run_cells(void);

/* The whole of a program. Returns its exit status, see docs/architecture.md. */
int suite_main(const struct suite *suite, int argc, char **argv);

#endif
