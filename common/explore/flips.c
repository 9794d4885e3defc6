// SPDX-License-Identifier: GPL-2.0
#include "explore/flips.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "explore/worker.h"
#include "report/report.h"

/* Sequences whose predictions show which effects each operation has. */
#define SURVEY 1000

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void generate(struct sequence *sequence, struct generator *generator, uint64_t seed)
{
	generator->seed = seed;
	sequence_generate(sequence, generator);
}

/* Which effects does each row have? As the model predicts it, without running anything. */
static void survey(struct generator *generator, const struct mm_kernel *kernel,
		   unsigned int *effects)
{
	size_t i, count;
	const struct op_row *rows = op_rows(&count);
	static struct mm_model m;
	struct sequence sequence;
	uint64_t seed;

	for (seed = 1; seed <= SURVEY; seed++) {
		generate(&sequence, generator, seed);
		mm_init(&m, kernel);
		for (i = 0; i < sequence.count; i++) {
			const struct op *op = &sequence.op[i];
			struct step step = { 0 };

			if (!op_is_possible(&m, op, false))
				continue;
			m.effects = BIT(EFFECT_RESULT);
			op->row->expect(&m, op, &step);
			effects[op->row - rows] |= m.effects;
		}
	}
}

static bool differ(const struct mm_model *one, const struct mm_model *other)
{
	int i;

	for (i = 0; i < MM_FRAMES; i++)
		if ((one->frame[i].used || other->frame[i].used) &&
		    memcmp(&one->frame[i], &other->frame[i], sizeof(one->frame[i])))
			return true;
	return memcmp(one->process, other->process, sizeof(one->process)) ||
	       memcmp(one->medium, other->medium, sizeof(one->medium));
}

/*
 * Does the model predict something else for the sequence without this effect? Only then
 * it is worth running: an effect may be hidden by the same operation.
 */
static bool matters(const struct sequence *sequence, const struct mm_kernel *kernel,
		    const struct flip *flip)
{
	static struct mm_model right, wrong;
	size_t i;

	mm_init(&right, kernel);
	mm_init(&wrong, kernel);
	for (i = 0; i < sequence->count; i++) {
		const struct op *op = &sequence->op[i];
		struct step expected = { 0 }, other = { 0 };

		if (!op_is_possible(&right, op, false))
			continue;
		if (op->row == flip->row && flip->effect == EFFECT_RESULT)
			return true;
		wrong.wrong = op->row == flip->row ? (int)flip->effect : -1;
		op->row->expect(&right, op, &expected);
		op->row->expect(&wrong, op, &other);
		if (memcmp(&expected, &other, sizeof(other)) || differ(&right, &wrong))
			return true;
	}
	return false;
}

/*
 * Run sequences with a wrong model until one notices it. Every second one has the
 * operation more often. Returns how many it took; 0: none did.
 */
static int notice(struct generator *generator, const struct mm_kernel *kernel,
		  const struct flip *flip, int seconds)
{
	const double end = now() + seconds;
	struct sequence sequence;
	struct failure failure;
	static char weights[64];
	int tried = 0;
	uint64_t seed;

	snprintf(weights, sizeof(weights), "%s=40", flip->row->name);
	for (seed = 1; now() < end; seed++) {
		generator->weights = seed % 2 ? NULL : weights;
		generate(&sequence, generator, seed);
		if (!matters(&sequence, kernel, flip))
			continue;
		failure = worker_run(&sequence, false, flip, true, NULL);
		tried++;
		if (is_failure(&failure))
			return tried;
	}
	report_line("note:", "of %llu sequences, %d were run", (unsigned long long)seed - 1, tried);
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
	static unsigned int effects[OP_ROWS_MAX];
	struct generator generator = *from;
	struct sequence nothing = { .count = 0 };
	size_t row, count;
	const struct op_row *rows = op_rows(&count);
	int effect, noticed = 0;
	struct run run;

	/* The worker knows what this machine has. */
	(void)worker_run(&nothing, false, NULL, false, &run);
	survey(&generator, &run.kernel, effects);
	for (row = 0; row < count; row++) {
		for (effect = 0; effect < EFFECT_COUNT; effect++) {
			const struct flip flip = { &rows[row], effect };
			char name[64];
			int tried;

			snprintf(name, sizeof(name), "%s:%s", rows[row].name,
				 mm_effect_name(effect));
			if (!(effects[row] & BIT(effect)) || !is_asked(only, name))
				continue;
			tried = notice(&generator, &run.kernel, &flip, seconds);
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
