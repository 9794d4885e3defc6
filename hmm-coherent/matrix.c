// SPDX-License-Identifier: GPL-2.0
/*
 * The matrix: place x mapping x access -> outcome
 *
 * Anonymous memory on a coherent device must behave like system memory, with
 * one exception: a long-term pin moves it. Each cell puts pages to a place,
 * maps them, checks both, accesses the pages in one way, and compares the
 * result with the rules (common/judge/model.c). The same cells exist for system
 * memory, ZONE_MOVABLE and private device memory, for comparison.
 */
#include "batch.h"

#include "cell/access.h"
#include "cell/frames.h"
#include "cell/make.h"
#include "cell/mapping.h"
#include "judge/judge.h"
#include "judge/look.h"
#include "judge/prove.h"
#include "judge/record.h"
#include "kernel/kernel.h"

static struct cell_env env;
static struct cell *all_cells;

static void cells_setup(void)
{
	cell_env_open(&env);
	frames_remember(&env);
}

/* The steps of a cell: make, prove, access, look, judge, record. */
static void run_cell(const struct suite_test *test)
{
	struct cell cell = all_cells[test->number];
	struct outcome outcome;
	struct model expected;

	cell_make(&cell, &env);
	outcome.before = prove(&cell);
	outcome.result = access_run(&cell);
	outcome.after = look_at_all(&cell);
	expected = judge(&cell, &outcome);
	record(&cell, &outcome, &expected);
	cell_end(&cell);
	frames_expect_back(cell.place);
	report_finish();
}

static const char *not_applicable(const struct suite_test *test)
{
	if ((all_cells[test->number].access->needs & BIT(NEED_STAYING_PINS)) && features.gup_test &&
	    !features.pin_stays)
		return "this kernel's gup_test has no pins that stay (PIN_LONGTERM_TEST_START)";
	return NULL;
}

static void prepare(FILE *out)
{
	harness_prepare(out);
	feature_decide(FEATURE_MEM_FORCE);
	rules_print(out);
}

static size_t add_cell(struct suite_test *tests, size_t count, struct cell cell)
{
	char name[REPORT_NAME_MAX], *what;
	const struct extent_row *extent = extent_row(cell.extent);

	if (!cell_exists(&cell))
		return count;
	cell_name(&cell, name, sizeof(name));
	if (asprintf(&what, "%s memory, %s, %s: %s", place_name(cell.place), cell.mapping->what,
		     extent->what, cell.access->what) < 0) {
		perror("hmm-coherent");
		exit(3);
	}
	all_cells[count] = cell;
	tests[count] = (struct suite_test){
		.name = strdup(name), .what = what, .cell = true, .number = count
	};
	return count + 1;
}

static size_t make_cells(struct suite_test **tests)
{
	static const enum place places[] = { PLACE_COHERENT, PLACE_PRIVATE, PLACE_SYSTEM,
					     PLACE_MOVABLE, PLACE_REMOTE };
	size_t mappings, accesses, p, m, a, count = 0;
	const struct mapping *mapping = mapping_rows(&mappings);
	const struct access *access = access_rows(&accesses);
	const size_t most = ARRAY_SIZE(places) * mappings * accesses * EXTENT_COUNT;
	int extent;

	all_cells = calloc(most, sizeof(*all_cells));
	*tests = calloc(most, sizeof(**tests));
	if (!all_cells || !*tests) {
		perror("hmm-coherent");
		exit(3);
	}
	for (p = 0; p < ARRAY_SIZE(places); p++)
		for (m = 0; m < mappings; m++)
			for (a = 0; a < accesses; a++)
				for (extent = 0; extent < EXTENT_COUNT; extent++)
					count = add_cell(*tests, count,
							 (struct cell){ .place = places[p],
									.mapping = &mapping[m],
									.access = &access[a],
									.extent = extent });
	return count;
}

int main(int argc, char **argv)
{
	struct suite suite = {
		.set.program = "hmm_coherent_matrix",
		.preparation = {
			.provide = driver_provide, .prepare = prepare,
			.kept = harness_kept(), .areas = HARNESS_AREAS,
		},
		.not_applicable = not_applicable,
		.run_cells = run_cells, .cells_setup = cells_setup, .run_cell = run_cell,
	};

	suite.set.count = make_cells(&suite.set.tests);
	return suite_main(&suite, argc, argv);
}
