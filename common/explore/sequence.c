// SPDX-License-Identifier: GPL-2.0
#include "explore/sequence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explore/predict.h"
#include "explore/compare.h"
#include "explore/replay.h"
#include "explore/watch.h"
#include "explore/world.h"
#include "kernel/kernel.h"
#include "kernel/since.h"
#include "report/report.h"
#include "report/result.h"

unsigned int *sequence_steps;

void sequence_pretend(int version)
{
	kernel_pretend(version);
	features.page_size = sysconf(_SC_PAGESIZE);
	features.gup_test = true;
	features.pin_stays = kernel_has(CHANGE_PIN_STAYS);
	features.dio_pins = kernel_has(CHANGE_DIO_PINS);
	features.mem_force = version < 700;
	features.uffd_wp = true;
	features.soft_dirty = true;
	features.foll_longterm = kernel_has(CHANGE_FOLL_NUMBERS) ? 0x100 : 0x10000;
	world.has_gup_test = true;
	world.has_ring = true;
	world.has_medium = true;
	world.has_slow = true;
	world.file = 0;
	world.two_nodes = true;
	world.ksm = true;
	world.swap = "";
	world.no_swap = true;
}

struct mm_kernel sequence_kernel(void)
{
	return (struct mm_kernel){
		.dio_pins = features.dio_pins,
		.longterm_own_page = kernel_has(CHANGE_LONGTERM_OWN_PAGE),
		.clean_upgrades = kernel_has(CHANGE_CLEAN_UPGRADES),
		.mem_force = features.mem_force,
		.pin_stays = features.pin_stays,
		.close_evicts = kernel_has(CHANGE_CLOSE_EVICTS),
		.uffd_wp = features.uffd_wp,
		.uffd_move = kernel_has(CHANGE_UFFD_MOVE),
		.soft_dirty = features.soft_dirty,
		.clones = kernel_has(CHANGE_CLONE_BUFFERS),
		.guards = kernel_has(CHANGE_GUARD_REGIONS),
		.move_marks_dirty = !kernel_has(CHANGE_MIGRATION_KEEPS_CLEAN),
		.exact_rss = !kernel_has(CHANGE_RSS_PER_CPU) || kernel_has(CHANGE_RSS_IS_SUMMED),
		.counts_pins = !kernel_has(CHANGE_PINS_OF_USERS),
		.no_swap = world.no_swap,
		.gup_test = world.has_gup_test,
		.ring = world.has_ring,
		.medium = world.has_medium,
		.slow = world.has_slow,
		.walks_for_status = kernel_has(CHANGE_STATUS_BY_WALK),
		.file_buffers = kernel_has(CHANGE_LONGTERM_NOT_OF_FILE),
		.swapin_writes = kernel_has(CHANGE_SWAPIN_WRITES),
		.unmerge_unshares = kernel_has(CHANGE_UNMERGE_UNSHARES),
		.ksm = world.ksm,
		.swap = world.swap,
		.two_nodes = world.two_nodes,
		.file = world.file >= 0,
	};
}

static long carry_out(const struct mm_model *before, const struct op *op, const struct step *step)
{
	const enum mm_who by = op_actor(before, op);

	if (op->row->change) {
		op->row->change(before, op);
		return 0;
	}
	if (op->row->prepare)
		op->row->prepare(op, step);
	world.desk->target = world_pid(op->who);
	world_drain();
	return world_do(by, op->row->act, by);
}

/* Check the result of the call, or the signal. */
static bool result_is_right(const struct op *op, const struct step *step, long result)
{
	char expected[64], seen[64], text[OP_TEXT];
	bool right = result == step->result || (step->either && result == step->other);

	result_text(expected, sizeof(expected), step->result);
	result_text(seen, sizeof(seen), result);
	op_print(op, text, sizeof(text));
	set_rule(op->row->rule);
	return expect_same(right, text, expected, seen);
}

/* Returns whether the world is as the model says after the operation. */
static bool run_op(struct mm_model *m, const struct op *op, bool thorough, struct run *run)
{
	static struct mm_model before;
	struct step step = { 0 };
	double began, done, ended;
	size_t count, row;
	long result;
	bool right;

	row = op->row - op_rows(&count);

	before = *m;
	op->row->expect(m, op, &step);
	if (!mm_effect(m, EFFECT_RESULT))
		step.result = -EXDEV;
	world_fill_templates(before.contents, m->contents);
	world.desk->op = *op;
	world.desk->step = step;
	world.desk->look = 0;
	/* What an operation must read. */
	world.desk->content[op->first] = mm_content(m, op->who, op->first);
	if (step.uncounted)
		watch_before_lock();
	began = now_s();
	result = carry_out(&before, op, &step);
	right = result_is_right(op, &step, result);
	if (step.either && right)
		m->may[step.may][result == step.other]++;
	done = now_s();
	right = !watch(m, &before, op, thorough, run->watching) && right;
	watch_lent(m);
	ended = now_s();
	run->cost[row].count++;
	run->cost[row].seconds += done - began;
	if (!run->cost[row].least || done - began < run->cost[row].least)
		run->cost[row].least = done - began;
	if (!run->least_watching || ended - done < run->least_watching)
		run->least_watching = ended - done;
	run->done++;
	if (sequence_steps)
		++*sequence_steps;
	return right;
}

/* Look at all there is, if the last operation that was done was not the last of the sequence. */
static bool look_again(struct mm_model *m, const struct op *op)
{
	static struct mm_model before;

	before = *m;
	world.desk->step.reads = false;
	world.desk->step.uncounted = false;
	return !watch(m, &before, op, true, NULL);
}

static bool locks_pages(const struct sequence *sequence)
{
	size_t i;

	for (i = 0; i < sequence->count; i++)
		if (!strcmp(sequence->op[i].row->name, "lock"))
			return true;
	return false;
}

struct run sequence_run(const struct sequence *sequence, bool twin, const struct flip *flip)
{
	struct run run = { .kernel = sequence_kernel(), .failed_at = -1 };
	static struct mm_model m;
	const struct op *last = NULL;
	const long locked = locks_pages(sequence) ? watch_locked() : -1;
	double began;
	size_t i;

	mm_init(&m, &run.kernel);
	for (i = 0; i < sequence->count && run.failed_at < 0; i++) {
		const struct op *op = &sequence->op[i];

		if (!op_is_possible(&m, op, twin)) {
			run.left_out++;
			run.left_out_ops |= BIT_ULL(i);
			continue;
		}
		m.wrong = flip && flip->row == op->row ? (int)flip->effect : -1;
		if (!run_op(&m, op, i + 1 == sequence->count, &run))
			run.failed_at = (int)i;
		last = op;
	}
	if (run.failed_at < 0 && last && last != &sequence->op[sequence->count - 1] &&
	    !look_again(&m, last))
		run.failed_at = (int)(last - sequence->op);
	memcpy(run.may, m.may, sizeof(run.may));
	began = now_s();
	world_reset(&m);
	if (run.failed_at < 0 && last && (!watch_unlocked(locked) || !watch_returned()))
		run.failed_at = (int)(last - sequence->op);
	run.ending = now_s() - began;
	return run;
}
