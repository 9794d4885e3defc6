// SPDX-License-Identifier: GPL-2.0
#include "suite/plan.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static void usage(FILE *to, const char *program)
{
	fprintf(to,
		"usage: %s [--list] [--run-list FILE] [--timeout SECONDS] [--seed N] [--verbose] "
		"[GLOB...]\nRuns all of its tests, those that match a GLOB, or those named in "
		"FILE. Prints the results as KTAP on stdout.\n",
		program);
}

static unsigned long number(const char *program, const char *option, const char *text)
{
	char *rest;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &rest, 0);
	if (errno || *rest || rest == text || *text == '-') {
		fprintf(stderr, "%s: --%s takes a number, not '%s'\n", program, option, text);
		exit(2);
	}
	return value;
}

struct suite_options suite_options_read(const char *program, int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "run-list", required_argument, NULL, 'r' },
		{ "timeout", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct suite_options given = { .timeout_s = 30, .seed = 1 };
	int option;

	while ((option = getopt_long(argc, argv, "lr:t:s:vh", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			given.list = true;
			break;
		case 'r':
			given.run_list = optarg;
			break;
		case 't':
			given.timeout_s = number(program, "timeout", optarg);
			if (given.timeout_s < 1 || given.timeout_s > 3600) {
				fprintf(stderr, "%s: --timeout takes 1 to 3600 seconds\n", program);
				exit(2);
			}
			break;
		case 's':
			given.seed = number(program, "seed", optarg);
			break;
		case 'v':
			given.verbose = true;
			break;
		case 'h':
			usage(stdout, program);
			exit(0);
		default:
			usage(stderr, program);
			exit(2);
		}
	}
	given.globs = argv + optind;
	given.glob_count = argc - optind;
	return given;
}

/* Search from the test after the last one that was found: a list is mostly in their order. */
static const struct suite_test *find(const struct test_set *set, const char *name)
{
	static size_t next;
	size_t i;

	for (i = 0; i < set->count; i++, next++) {
		if (next >= set->count)
			next = 0;
		if (!strcmp(set->tests[next].name, name))
			return &set->tests[next++];
	}
	return NULL;
}

static void add(struct plan *plan, const struct test_set *set, const struct suite_test *test)
{
	plan->tests = realloc(plan->tests, (plan->count + 1) * sizeof(*plan->tests));
	if (!plan->tests) {
		perror(set->program);
		exit(3);
	}
	plan->tests[plan->count++] = test;
}

static void add_list(struct plan *plan, const struct test_set *set, const char *path)
{
	FILE *list = fopen(path, "r");
	const struct suite_test *test;
	char name[REPORT_NAME_MAX];

	if (!list) {
		fprintf(stderr, "%s: %s: %s\n", set->program, path, strerror(errno));
		exit(2);
	}
	while (fgets(name, sizeof(name), list)) {
		name[strcspn(name, "\n")] = '\0';
		test = find(set, name);
		if (!test) {
			fprintf(stderr, "%s: no test is named '%s'; --list shows the names\n",
				set->program, name);
			exit(2);
		}
		add(plan, set, test);
	}
	fclose(list);
}

static void add_globs(struct plan *plan, const struct test_set *set, char **globs, int count)
{
	size_t i, before;
	int g;

	for (g = 0; g < count; g++) {
		before = plan->count;
		for (i = 0; i < set->count; i++)
			if (!fnmatch(globs[g], set->tests[i].name, 0))
				add(plan, set, &set->tests[i]);
		if (plan->count == before) {
			fprintf(stderr, "%s: no test matches '%s'; --list shows the names\n",
				set->program, globs[g]);
			exit(2);
		}
	}
	if (!count)
		for (i = 0; i < set->count; i++)
			add(plan, set, &set->tests[i]);
}

struct plan plan_make(const struct test_set *set, const struct suite_options *options)
{
	struct plan plan = { 0 };

	if (options->run_list)
		add_list(&plan, set, options->run_list);
	else
		add_globs(&plan, set, options->globs, options->glob_count);
	return plan;
}

void plan_list(const struct test_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		printf("%s\t%s\n", set->tests[i].name, set->tests[i].what);
}

void plan_drop(struct plan *plan, const char *const *why_not, FILE *out)
{
	size_t i, kept = 0;

	for (i = 0; i < plan->count; i++) {
		if (why_not[i])
			fprintf(out, "# not-applicable: %s: %s\n", plan->tests[i]->name,
				why_not[i]);
		else
			plan->tests[kept++] = plan->tests[i];
	}
	plan->count = kept;
}
