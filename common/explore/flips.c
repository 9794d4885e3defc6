// SPDX-License-Identifier: GPL-2.0
#include "explore/flips.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "explore/worker.h"
#include "report/report.h"

/* Sequences that show which effects each operation has. */
#define SURVEY 150

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Which effects did each row have, and in which sequence first? */
static void survey(struct generator *generator, unsigned int *effects, uint64_t *first)
{
	struct sequence sequence;
	struct run run;
	size_t row, count;
	int i, effect;

	(void)op_rows(&count);
	for (i = 0; i < SURVEY; i++) {
		struct failure failure;

		generator->seed = i + 1;
		sequence_generate(&sequence, generator);
		failure = worker_run(&sequence, false, NULL, false, &run);
		if (is_failure(&failure))
			return;
		for (row = 0; row < count; row++) {
			for (effect = 0; effect < EFFECT_COUNT; effect++)
				if (run.effects[row] & ~effects[row] & BIT(effect))
					first[row * EFFECT_COUNT + effect] = generator->seed;
			effects[row] |= run.effects[row];
		}
	}
}

/* Run sequences with a wrong model until one notices it. Returns how many it took; 0: none did. */
static int notice(struct generator *generator, const struct flip *flip, uint64_t first,
		  int seconds)
{
	const double end = now() + seconds;
	struct sequence sequence;
	struct failure failure;
	static char weights[64];
	int tried = 0;

	snprintf(weights, sizeof(weights), "%s=40", flip->row->name);
	generator->weights = NULL;
	for (generator->seed = first; now() < end; generator->seed++) {
		sequence_generate(&sequence, generator);
		failure = worker_run(&sequence, false, flip, true, NULL);
		tried++;
		/* The first one has the effect, but not where it is seen. Take it more often. */
		generator->weights = weights;
		if (is_failure(&failure))
			return tried;
	}
	return 0;
}

/* Does one of the globs in @only match? */
static bool is_asked(const char *only, const char *name)
{
	char glob[64];
	size_t length;

	for (; only && *only; only += length) {
		only += strspn(only, " ");
		length = strcspn(only, " ");
		snprintf(glob, sizeof(glob), "%.*s", (int)length, only);
		if (!fnmatch(glob, name, 0))
			return true;
	}
	return !only;
}

void flips_run(const struct generator *from, int seconds, const char *only)
{
	static unsigned int effects[64];
	static uint64_t first[64 * EFFECT_COUNT];
	struct generator generator = *from;
	size_t row, count;
	const struct op_row *rows = op_rows(&count);
	int effect, noticed = 0;

	survey(&generator, effects, first);
	for (row = 0; row < count; row++) {
		for (effect = 0; effect < EFFECT_COUNT; effect++) {
			const struct flip flip = { &rows[row], effect };
			char name[64];
			int tried;

			snprintf(name, sizeof(name), "%s:%s", rows[row].name,
				 mm_effect_name(effect));
			if (!(effects[row] & BIT(effect)) || !is_asked(only, name))
				continue;
			tried = notice(&generator, &flip, first[row * EFFECT_COUNT + effect],
				       seconds);
			report_line("flip:", "%s %s %d", name, tried ? "noticed" : "missed",
				    tried);
			noticed += tried > 0;
			set_rule(RULE_NOTHING_ELSE_CHANGES);
			expect(tried, "a model in which '%s' lacks the effect '%s' was not noticed",
			       rows[row].name, mm_effect_name(effect));
		}
	}
	report_line("note:", "%d errors of the model were noticed", noticed);
}
