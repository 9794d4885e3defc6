// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences of operations, compared with a model after each step
 *
 * The matrix has one access to one state, a scenario an order of events that its
 * author planned. Here the orders are random: docs/explore.md. Each seed is one
 * sequence, which runs twice: on the devices, and in system memory.
 *
 * The ordinary run has a few seeds. With HMM_COHERENT_EXPLORE the program has
 * one other test: run_tests.sh explore sets that (runner/explore.py).
 */
#include "batch.h"

#include <stdlib.h>
#include <unistd.h>

#include "explore/cross_check.h"
#include "explore/flips.h"
#include "explore/program.h"
#include "explore/replay.h"
#include "explore/scenario.h"
#include "explore/search.h"
#include "explore/worker.h"
#include "explore/world.h"
#include "kernel/kernel.h"

/* Sequences of the ordinary run. */
#define SEEDS 40

static struct generator generator = { .shortest = 12, .longest = 40 };
static struct sequence given;

static const char *setting(const char *name, const char *otherwise)
{
	char variable[64];
	const char *value;

	snprintf(variable, sizeof(variable), "HMM_COHERENT_EXPLORE%s", name);
	value = getenv(variable);
	return value && *value ? value : otherwise;
}

static void run_search(void)
{
	generator.seed = suite_seed();
	/* A shard begins with a seed of its own, and leaves out those of the others. */
	search_run(&generator, atoi(setting("_STRIDE", "1")), atof(setting("_SECONDS", "60")));
}

static void run_replay(void)
{
	search_replay(&given, atoi(setting("_TIMES", "1")));
}

static void run_shrink(void)
{
	search_shrink(&given);
}

static void run_flips(void)
{
	flips_run(&generator, atoi(setting("_SECONDS", "60")), setting("_WRONG", NULL));
}

static const struct mode {
	const char *name, *test, *what;
	void (*run)(void);
	bool takes_sequence;
} modes[] = {
	{ "search", "explore.coherent.search", "random sequences are as the model says",
	  run_search, false },
	{ "replay", "explore.coherent.replay", "the given sequence is as the model says",
	  run_replay, true },
	{ "shrink", "explore.coherent.shrink", "no shorter sequence ends the machine",
	  run_shrink, true },
	{ "flips", "explore.coherent.flips", "an error of the model is noticed, for each effect",
	  run_flips, false },
};

static const struct mode *mode;

static void cells_setup(void)
{
	if (!mode)
		world_open();
}

static void run_cell(const struct suite_test *test)
{
	worker_reads_log(suite_read_log);
	worker_waits(atoi(setting("_PATIENCE", "30")));
	generator.seed = test->number;
	if (mode)
		mode->run();
	else
		search_seed(&generator);
	report_finish();
}

static void prepare(FILE *out)
{
	harness_prepare(out);
	feature_decide(FEATURE_MEM_FORCE);
}

static void __noreturn wrong_use(const char *error)
{
	fprintf(stderr, "hmm_coherent_explore: %s\n", error);
	exit(2);
}

/* The sequence of a seed, for run_tests.sh explore. Returns the exit status. */
static int print_sequence(void)
{
	struct sequence sequence;
	char text[SEQUENCE_TEXT];

	generator.seed = strtoull(setting("_SEED", "1"), NULL, 10);
	sequence_generate(&sequence, &generator);
	sequence_print(&sequence, text, sizeof(text));
	return puts(text) < 0 ? 3 : 0;
}

/* Both models. Returns the exit status. */
static int check_models(void)
{
	return cross_check(atoi(setting("_VERSION", "601"))) ? 1 : 0;
}

/* Which effects of operations no prediction shows. Returns the exit status. */
static int print_effects(void)
{
	struct mm_kernel kernel;

	sequence_pretend(atoi(setting("_VERSION", "601")));
	kernel = sequence_kernel();
	return flips_hidden(&generator, &kernel) ? 1 : 0;
}

/* The table of operations. Returns the exit status. */
static int print_operations(void)
{
	size_t i, count;
	const struct op_row *rows = op_rows(&count);

	for (i = 0; i < count; i++)
		printf("%s\t%s\n", rows[i].name, rows[i].what);
	return fflush(stdout) ? 3 : 0;
}

/* The given sequence as a program. Returns the exit status. */
static int print_program(void)
{
	const int version = atoi(setting("_VERSION", "601"));
	char error[256];

	sequence_pretend(version);
	if (!program_print(stdout, &given, version, setting("_PARTS", "common/explore/program"),
			   error, sizeof(error)))
		wrong_use(error);
	return fflush(stdout) ? 3 : 0;
}

/* The given sequence as a scenario of this suite. Returns the exit status. */
static int print_scenario(void)
{
	char error[256];

	sequence_pretend(atoi(setting("_VERSION", "601")));
	if (!scenario_print(stdout, &given, setting("_NAME", "found"),
			    setting("_PARTS", "common/explore/program"), error, sizeof(error))) {
		fprintf(stderr, "hmm_coherent_explore: %s\n", error);
		return 3;
	}
	return fflush(stdout) ? 3 : 0;
}

/* Modes that run nothing. */
static const struct printer {
	const char *name;
	int (*print)(void);
	bool takes_sequence;
} printers[] = {
	{ "print", print_sequence, false },
	{ "operations", print_operations, false },
	{ "program", print_program, true },
	{ "scenario", print_scenario, true },
	{ "cross-check", check_models, false },
	{ "effects", print_effects, false },
};

static const struct printer *printer;

/* Read what run_tests.sh explore has put into the environment. */
static void read_settings(void)
{
	const char *name = setting("", NULL);
	char error[1024];
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(modes); i++)
		if (!strcmp(name, modes[i].name))
			mode = &modes[i];
	for (i = 0; name && i < ARRAY_SIZE(printers); i++)
		if (!strcmp(name, printers[i].name))
			printer = &printers[i];
	if (name && !mode && !printer)
		wrong_use("HMM_COHERENT_EXPLORE is search, replay, shrink, flips, print, "
			  "operations, program, scenario, cross-check or effects");
	if (!name)
		return;
	generator.only = setting("_ONLY", NULL);
	generator.weights = setting("_WEIGHT", NULL);
	if (sscanf(setting("_LENGTH", "12..40"), "%d..%d", &generator.shortest,
		   &generator.longest) != 2 ||
	    generator.shortest < 4 || generator.longest < generator.shortest ||
	    generator.longest > SEQUENCE_MAX)
		wrong_use("the length of sequences is MIN..MAX, from 4 to 48");
	if (!generator_check(&generator, error, sizeof(error)))
		wrong_use(error);
	if (mode && mode->run != run_flips && setting("_WRONG", NULL) &&
	    !worker_is_wrong(setting("_WRONG", NULL)))
		wrong_use("HMM_COHERENT_EXPLORE_WRONG is an operation and an effect, write:copy");
	if (((mode && mode->takes_sequence) || (printer && printer->takes_sequence)) &&
	    !sequence_parse(&given, setting("_REPLAY", ""), error, sizeof(error)))
		wrong_use(error);
}

static size_t make_tests(struct suite_test **tests)
{
	const int count = mode ? 1 : SEEDS;
	char *name, *what;
	int i;

	*tests = calloc(count, sizeof(**tests));
	for (i = 0; i < count; i++) {
		if (!*tests || asprintf(&name, "explore.coherent.seed-%d", i + 1) < 0 ||
		    asprintf(&what, "the random sequence of seed %d is as the model says", i + 1) <
			    0) {
			perror("hmm-coherent");
			exit(3);
		}
		(*tests)[i] = (struct suite_test){
			.name = mode ? mode->test : name, .what = mode ? mode->what : what,
			.cell = true, .number = i + 1
		};
	}
	return count;
}

int main(int argc, char **argv)
{
	struct suite suite = {
		.set.program = "hmm_coherent_explore",
		.preparation = {
			.provide = driver_provide, .prepare = prepare,
			.kept = harness_kept(), .areas = HARNESS_AREAS,
		},
		.run_cells = run_cells, .cells_setup = cells_setup, .run_cell = run_cell,
	};

	search_results_to(dup(STDOUT_FILENO));
	read_settings();
	if (printer)
		return printer->print();
	suite.set.count = make_tests(&suite.set.tests);
	return suite_main(&suite, argc, argv);
}
