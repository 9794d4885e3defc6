// SPDX-License-Identifier: GPL-2.0
#include "explore/flips.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "explore/worker.h"
#include "kernel/kernel.h"
#include "report/report.h"

/* Sequences whose predictions show which effects each operation has. */
#define SURVEY 1000
/* Sequences of which one must show that an effect makes a difference. */
#define PREDICTED 4000

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

/* Leave out what a comparison does not look at: watch.c. */
static void leave_visible(struct mm_model *m)
{
	int p, i;

	for (p = 0; p < MM_PROCESSES; p++) {
		struct mm_process *process = &m->process[p];

		process->has_pinned = false;
		memset(process->mirrors, 0, sizeof(process->mirrors));
		for (i = 0; i < MM_PAGES; i++) {
			process->page[i].dirty = false;
			process->page[i].has_anon = false;
			process->page[i].node = 0;
			/* The permissions are those in the owner's page table. */
			process->page[i].write &= p == MM_OWNER;
		}
	}
	for (i = 0; i < MM_FRAMES; i++) {
		m->frame[i].lazy = LAZY_NO;
		if (!m->frame[i].used)
			memset(&m->frame[i], 0, sizeof(m->frame[i]));
	}
}

/* Do the two predict a different state of the world? */
static bool differ(const struct mm_model *one, const struct mm_model *other)
{
	static struct mm_model left, right;

	left = *one;
	right = *other;
	leave_visible(&left);
	leave_visible(&right);
	return memcmp(left.process, right.process, sizeof(left.process)) ||
	       memcmp(left.frame, right.frame, sizeof(left.frame)) ||
	       memcmp(left.medium, right.medium, sizeof(left.medium));
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
 * Make the sequence of the seed, every second one with the operation more often. Returns
 * whether the effect matters in it.
 */
static bool generate_for(const struct flip *flip, struct sequence *sequence,
			 struct generator *generator, const struct mm_kernel *kernel, uint64_t seed)
{
	static char weights[64];

	snprintf(weights, sizeof(weights), "%s=40", flip->row->name);
	generator->weights = seed % 2 ? NULL : weights;
	generate(sequence, generator, seed);
	return matters(sequence, kernel, flip);
}

/*
 * Run sequences with a wrong model until one notices it, which must not differ from the
 * right one. Returns how many it took; 0: none did.
 */
static int notice(struct generator *generator, const struct mm_kernel *kernel,
		  const struct flip *flip, int seconds)
{
	const double end = now_s() + seconds;
	struct sequence sequence;
	struct failure failure;
	int tried = 0;
	uint64_t seed;

	for (seed = 1; now_s() < end; seed++) {
		if (!generate_for(flip, &sequence, generator, kernel, seed))
			continue;
		failure = worker_run(&sequence, false, flip, true, NULL);
		tried++;
		if (!is_failure(&failure))
			continue;
		failure = worker_run(&sequence, false, NULL, true, NULL);
		if (!is_failure(&failure))
			return tried;
		report_line("note:", "the sequence of seed %llu, weights '%s', fails anyway",
			    (unsigned long long)seed, generator->weights ?: "");
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

int flips_hidden(const struct generator *from, const struct mm_kernel *kernel)
{
	static unsigned int effects[OP_ROWS_MAX];
	struct generator generator = *from;
	struct sequence sequence;
	size_t row, count;
	const struct op_row *rows = op_rows(&count);
	int effect, hidden = 0;
	uint64_t seed;

	survey(&generator, kernel, effects);
	for (row = 0; row < count; row++) {
		for (effect = 0; effect < EFFECT_COUNT; effect++) {
			const struct flip flip = { &rows[row], effect };

			if (!(effects[row] & BIT(effect)))
				continue;
			for (seed = 1; seed <= PREDICTED; seed++)
				if (generate_for(&flip, &sequence, &generator, kernel, seed))
					break;
			printf("%s:%s %s\n", rows[row].name, mm_effect_name(effect),
			       seed <= PREDICTED ? "shown" : "hidden");
			hidden += seed > PREDICTED;
		}
	}
	return hidden;
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
