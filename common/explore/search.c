// SPDX-License-Identifier: GPL-2.0
#include "explore/search.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "explore/may.h"
#include "explore/minimise.h"
#include "explore/replay.h"
#include "explore/worker.h"
#include "kernel/kernel.h"
#include "report/report.h"

#define MINIMISE_S 100

static int results = -1;

void search_results_to(int fd)
{
	results = fd;
}

static void __printf(1, 2) announce(const char *fmt, ...)
{
	char line[SEQUENCE_TEXT + 64];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (write(results, line, length) != length)
		broken("the result stream cannot be written");
}

static void announce_sequence(const char *keyword, const struct sequence *sequence)
{
	char text[SEQUENCE_TEXT];

	sequence_print(sequence, text, sizeof(text));
	announce("# %s %s\n", keyword, text);
}

static void announce_candidate(const struct sequence *candidate)
{
	announce_sequence("candidate:", candidate);
}

static void announce_shorter(const struct sequence *candidate)
{
	announce_sequence("shorter:", candidate);
}

static void tell_sequence(const char *keyword, const struct sequence *sequence)
{
	char text[SEQUENCE_TEXT];

	sequence_print(sequence, text, sizeof(text));
	report_line(keyword, "%s", text);
}

static void tell_step(const struct sequence *sequence, const struct run *run)
{
	char op[OP_TEXT];

	if (run->failed_at < 0)
		return;
	op_print(&sequence->op[run->failed_at], op, sizeof(op));
	report_line("note:", "operation %d of %zu: %s", run->failed_at + 1, sequence->count, op);
}

/* The same sequence without the devices tells a bug of device memory from one of all memory. */
static void tell_twin(const struct sequence *sequence)
{
	const struct failure twin = worker_run(sequence, true, NULL, true, NULL);

	report_line("note:", "the same in system memory: %s", outcome_name(twin.outcome));
}

/* A failed sequence: what, where, and the shortest sequence that fails in the same way. */
static void tell_failure(const struct sequence *sequence, const struct failure *failure,
			 const struct run *run, bool twin)
{
	struct minimising minimising = { .best = *sequence, .failure = *failure, .twin = twin,
					 .failed_at = run->failed_at, .seconds = MINIMISE_S,
					 .announce = announce_candidate,
					 .found = announce_shorter };

	tell_step(sequence, run);
	if (failure->outcome == OUTCOME_BROKEN)
		return;
	if (failure->outcome != OUTCOME_DIFFERS) {
		set_rule(RULE_KERNEL_SURVIVES);
		expect(false, "a sequence: %s", outcome_name(failure->outcome));
	}
	/* The next machine goes on. */
	if (failure->outcome == OUTCOME_LOST)
		return;
	minimise(&minimising);
	report_line("note:", "%d candidates, of which %d fail in the same way", minimising.tried,
		    minimising.smaller);
	tell_sequence("minimal:", &minimising.best);
	if (!twin && !minimising.lost)
		tell_twin(&minimising.best);
}

static double lesser(double one, double other)
{
	return !one || (other && other < one) ? other : one;
}

/* Add up what sequences have cost. */
static void add_costs(struct run *sum, const struct run *run)
{
	int i;

	for (i = 0; i < OP_ROWS_MAX; i++) {
		sum->cost[i].count += run->cost[i].count;
		sum->cost[i].seconds += run->cost[i].seconds;
		sum->cost[i].least = lesser(sum->cost[i].least, run->cost[i].least);
	}
	sum->least_watching = lesser(sum->least_watching, run->least_watching);
	sum->done += run->done;
	sum->left_out += run->left_out;
	may_add(sum, run);
	for (i = 0; i < WATCH_COUNT; i++)
		sum->watching[i] += run->watching[i];
	sum->ending += run->ending;
}

/* What the comparison after an operation costs, and its parts. */
static void tell_watching(const struct run *sum)
{
#define WATCH_PART_NAME(id, name) [WATCH_##id] = (name),
	static const char *const names[WATCH_COUNT] = { WATCH_PARTS(WATCH_PART_NAME) };
#undef WATCH_PART_NAME
	char text[240] = "";
	double all = 0;
	size_t used = 0;
	int i;

	if (!sum->done)
		return;
	for (i = 0; i < WATCH_COUNT; i++) {
		used += snprintf(text + used, sizeof(text) - used, "%s %s %.2f", i ? "," : "",
				 names[i], 1000 * sum->watching[i] / sum->done);
		all += sum->watching[i];
	}
	report_line("note:", "comparing: %.2f ms per operation, at least %.2f:%s",
		    1000 * all / sum->done, 1000 * sum->least_watching, text);
}

static void tell_costs(const struct run *sum, long sequences, double seconds)
{
	size_t i, count;
	const struct op_row *rows = op_rows(&count);

	announce("# explored: %ld sequence%s, %d operations in %.1f s; %d were left out because "
		 "the kernel or the state does not allow them\n", sequences,
		 sequences == 1 ? "" : "s", sum->done, seconds, sum->left_out);
	tell_watching(sum);
	report_line("note:", "the end of a sequence: %.1f ms",
		    sequences ? 1000 * sum->ending / sequences / 2 : 0);
	for (i = 0; i < count; i++)
		if (sum->cost[i].count)
			report_line("note:", "%s: %d times, %.2f ms, at least %.2f",
				    rows[i].name, sum->cost[i].count,
				    1000 * sum->cost[i].seconds / sum->cost[i].count,
				    1000 * sum->cost[i].least);
	may_tell(sum);
}

/* Run @sequence both ways. Returns whether it is as the model says. */
static bool try_both(const struct sequence *sequence, struct run *sum)
{
	struct failure failure;
	struct run run;
	int twin;

	for (twin = 0; twin < 2; twin++) {
		failure = worker_run(sequence, twin, NULL, false, &run);
		add_costs(sum, &run);
		if (!twin)
			sum->left_out_ops = run.left_out_ops;
		if (!is_failure(&failure))
			continue;
		announce_sequence(twin ? "twin:" : "sequence:", sequence);
		tell_failure(sequence, &failure, &run, twin);
		return false;
	}
	return true;
}

void search_run(struct generator *generator, int stride, double seconds)
{
	const double began = now_s(), end = began + seconds;
	struct sequence sequence;
	struct run sum = { 0 };
	bool right = true;
	long count;

	for (count = 0; right && now_s() < end; count++, generator->seed += stride) {
		/* If the machine dies, its last line tells which sequence it was. */
		announce("# seed: %llu\n", (unsigned long long)generator->seed);
		sequence_generate(&sequence, generator);
		right = try_both(&sequence, &sum);
		if (!right)
			report_line("note:", "seed %llu", (unsigned long long)generator->seed);
	}
	tell_costs(&sum, count, now_s() - began);
	worker_stop();
}

/* Each operation that the kernel does not have, or that made no sense in the state. */
static void tell_left_out(const struct sequence *sequence, const struct run *run)
{
	char op[OP_TEXT];
	size_t i;

	for (i = 0; i < sequence->count; i++) {
		if (!(run->left_out_ops & BIT_ULL(i)))
			continue;
		op_print(&sequence->op[i], op, sizeof(op));
		announce("# left-out: operation %zu (%s): the kernel or the state does not allow "
			 "it\n", i + 1, op);
	}
}

void search_replay(const struct sequence *sequence, int times)
{
	const double began = now_s();
	struct run sum = { 0 };
	bool right = true;
	long count;

	announce_candidate(sequence);
	for (count = 0; right && count < times; count++)
		right = try_both(sequence, &sum);
	tell_left_out(sequence, &sum);
	tell_costs(&sum, count, now_s() - began);
	worker_stop();
}

void search_shrink(const struct sequence *sequence)
{
	struct minimising minimising = { .best = *sequence, .failed_at = -1,
					 .failure = { OUTCOME_LOST, RULE_COUNT, NULL },
					 .seconds = MINIMISE_S,
					 .announce = announce_candidate };

	minimise(&minimising);
	set_rule(RULE_KERNEL_SURVIVES);
	expect(!minimising.lost, "a sequence: %s", outcome_name(OUTCOME_LOST));
	worker_stop();
}

void search_seed(struct generator *generator)
{
	struct sequence sequence;
	struct run run;

	sequence_generate(&sequence, generator);
	tell_sequence("sequence:", &sequence);
	run = sequence_run(&sequence, false, NULL);
	tell_step(&sequence, &run);
	if (run.failed_at >= 0) {
		tell_twin(&sequence);
		worker_stop();
		return;
	}
	run = sequence_run(&sequence, true, NULL);
	tell_step(&sequence, &run);
	if (run.failed_at >= 0)
		report_line("note:", "only in system memory");
}
