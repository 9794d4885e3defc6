/* SPDX-License-Identifier: GPL-2.0 */
/*
 * harness.h - connect the kselftest harness of the kernel tree in use with
 * suite.h
 *
 * Only one file of a program may include this, since the harness defines data.
 * It uses only what the harnesses of 6.1, 6.12 and 7.3 have in common: the
 * lists of fixtures, variants and tests, and __run_test(), which runs a test in
 * a separate process.
 */
#ifndef HMM_COHERENT_HARNESS_H
#define HMM_COHERENT_HARNESS_H

#include <kselftest_harness.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "see/device_ranges.h"
#include "see/zone.h"
#include "suite/driver.h"
#include "suite/features.h"
#include "suite/own_counts.h"
#include "suite/program.h"
#include "suite/suite.h"

struct scenario {
	const char *fixture, *test, *what;
	int line;
	struct scenario *next;
};

static struct scenario *scenarios;

/*
 * A scenario: TEST_F() with a sentence that --list and the reports show. A body
 * that does not reach its end makes the test broken.
 *
 * The name of the test is FIXTURE.VARIANT.TEST with '-' for '_'.
 */
#define SCENARIO(fixture_name, test_name, sentence) \
	static void fixture_name##_##test_name##_body( \
		FIXTURE_DATA(fixture_name) (*self), \
		const FIXTURE_VARIANT(fixture_name) (*variant)); \
	static struct scenario fixture_name##_##test_name##_scenario = { \
		.fixture = #fixture_name, .test = #test_name, .what = (sentence), \
		.line = __LINE__ }; \
	static void __attribute__((constructor)) fixture_name##_##test_name##_describe(void) \
	{ \
		fixture_name##_##test_name##_scenario.next = scenarios; \
		scenarios = &fixture_name##_##test_name##_scenario; \
	} \
	TEST_F(fixture_name, test_name) \
	{ \
		fixture_name##_##test_name##_body(self, variant); \
		own_counts_check(); \
		report_finish(); \
	} \
	static void fixture_name##_##test_name##_body( \
		FIXTURE_DATA(fixture_name) (*self) __maybe_unused, \
		const FIXTURE_VARIANT(fixture_name) (*variant) __maybe_unused)

/*
 * Defines which tests of a fixture can never apply to the running kernel: a
 * function body that gets @variant and the name of the @test as in SCENARIO(),
 * and returns the reason, a string constant, or NULL if the test applies. It
 * runs before the first test, in the process that probes the machine. If only
 * the machine lacks something, use a skip.
 */
struct applicability {
	const char *fixture;
	const char *(*why_not)(const void *variant, const char *test);
	struct applicability *next;
};

static struct applicability *applicabilities;

#define WHY_NOT(fixture_name) \
	static const char *fixture_name##_why_not_body( \
		const FIXTURE_VARIANT(fixture_name) (*variant), const char *test); \
	static const char *fixture_name##_why_not(const void *variant, const char *test) \
	{ \
		return fixture_name##_why_not_body(variant, test); \
	} \
	static struct applicability fixture_name##_applicability = { \
		.fixture = #fixture_name, .why_not = fixture_name##_why_not }; \
	static void __attribute__((constructor)) fixture_name##_limit(void) \
	{ \
		fixture_name##_applicability.next = applicabilities; \
		applicabilities = &fixture_name##_applicability; \
	} \
	static const char *fixture_name##_why_not_body( \
		const FIXTURE_VARIANT(fixture_name) (*variant) __maybe_unused, \
		const char *test __maybe_unused)

struct harness_entry {
	struct __fixture_metadata *fixture;
	struct __fixture_variant_metadata *variant;
	struct __test_metadata *test;
	const struct scenario *scenario;
};

static struct __fixture_variant_metadata harness_no_variant = { .name = "" };
static struct __test_results *harness_results;

static void harness_run(struct __fixture_metadata *fixture,
			struct __fixture_variant_metadata *variant, struct __test_metadata *test,
			int seconds)
{
	if (!harness_results)
		harness_results = mmap(NULL, sizeof(*harness_results), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	test->results = harness_results;
	test->timeout = seconds;
	__run_test(fixture, variant, test);
	/*
	 * Children of the test are in its process group, unless they left it on
	 * purpose; see suite/leftovers.h.
	 */
	if (test->pid > 0)
		kill(-test->pid, SIGKILL);
}

static void __maybe_unused harness_run_test(const struct suite_test *test, int seconds)
{
	const struct harness_entry *entry = test->arg;

	harness_run(entry->fixture, entry->variant, entry->test, seconds);
}

static const struct scenario *harness_scenario(const char *fixture, const char *test)
{
	const struct scenario *scenario;

	for (scenario = scenarios; scenario; scenario = scenario->next)
		if (!strcmp(scenario->fixture, fixture) && !strcmp(scenario->test, test))
			return scenario;
	return NULL;
}

static char *harness_name(const struct harness_entry *entry)
{
	char *name, *c;

	if (asprintf(&name, "%s%s%s.%s", entry->fixture->name, entry->variant->name[0] ? "." : "",
		     entry->variant->name, entry->test->name) < 0) {
		perror("hmm-coherent");
		exit(3);
	}
	for (c = name; *c; c++)
		if (*c == '_')
			*c = '-';
	return name;
}

/*
 * Sort in the order of declaration, since the order of constructors depends on
 * the toolchain and the harness.
 */
static int harness_compare(const void *a, const void *b)
{
	const struct suite_test *left = a, *right = b;
	const struct harness_entry *left_entry = left->arg, *right_entry = right->arg;
	int lines = left_entry->scenario->line - right_entry->scenario->line;

	return lines ? lines : strcmp(left->name, right->name);
}

/*
 * The tests of the program: each SCENARIO() with each variant of its fixture.
 * The array is never freed.
 */
static size_t __maybe_unused harness_tests(struct suite_test **tests)
{
	struct __fixture_metadata *fixture;
	struct __fixture_variant_metadata *variant;
	struct __test_metadata *test;
	size_t count = 0;

	*tests = NULL;
	for (fixture = __fixture_list; fixture; fixture = fixture->next) {
		for (variant = fixture->variant ? fixture->variant : &harness_no_variant; variant;
		     variant = variant->next) {
			for (test = fixture->tests; test; test = test->next) {
				const struct scenario *scenario =
					harness_scenario(fixture->name, test->name);
				struct harness_entry *entry;

				if (!scenario)
					continue;
				*tests = realloc(*tests, (count + 1) * sizeof(**tests));
				entry = malloc(sizeof(*entry));
				if (!*tests || !entry) {
					perror("hmm-coherent");
					exit(3);
				}
				*entry = (struct harness_entry){ fixture, variant, test, scenario };
				(*tests)[count++] =
					(struct suite_test){ .name = harness_name(entry),
							     .what = scenario->what,
							     .arg = entry };
			}
		}
	}
	if (count)
		qsort(*tests, count, sizeof(**tests), harness_compare);
	return count;
}

static const char __maybe_unused *harness_not_applicable(const struct suite_test *test)
{
	const struct harness_entry *entry = test->arg;
	const struct applicability *one;

	for (one = applicabilities; one; one = one->next)
		if (!strcmp(one->fixture, entry->fixture->name))
			return one->why_not(entry->variant->data, entry->test->name);
	return NULL;
}

static void __maybe_unused harness_prepare(FILE *out)
{
	features_probe(out);
	devices_probe(out);
}

#define HARNESS_AREAS 3

/* The data that harness_prepare() fills and the tests need. */
static const struct area __maybe_unused *harness_kept(void)
{
	static struct area kept[HARNESS_AREAS];

	kept[0] = (struct area){ &features, sizeof(features) };
	kept[1].start = devices_table(&kept[1].size);
	kept[2].start = zones_table(&kept[2].size);
	return kept;
}

/* main() of a program that has only scenarios. */
static int __maybe_unused harness_main(const char *program, int argc, char **argv)
{
	struct suite suite = {
		.set.program = program,
		.preparation = {
			.provide = driver_provide, .prepare = harness_prepare,
			.kept = harness_kept(), .areas = HARNESS_AREAS,
		},
		.not_applicable = harness_not_applicable, .run_test = harness_run_test,
	};

	suite.set.count = harness_tests(&suite.set.tests);
	return suite_main(&suite, argc, argv);
}

#endif
