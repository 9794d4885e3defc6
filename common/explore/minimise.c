// SPDX-License-Identifier: GPL-2.0
#include "explore/minimise.h"

#include <string.h>

#include "explore/mm_model.h"
#include "kernel/kernel.h"

static bool is_over(const struct minimising *min)
{
	return min->lost || now_s() >= min->end;
}

/* Run a candidate. If it fails in the same way, it is the best one from now on. */
static bool is_better(struct minimising *min, const struct sequence *candidate)
{
	struct failure failure;

	if (min->announce)
		min->announce(candidate);
	min->tried++;
	failure = worker_run(candidate, min->twin, NULL, true, NULL);
	min->lost |= failure.outcome == OUTCOME_LOST;
	if (!is_same_failure(&failure, &min->failure))
		return false;
	min->best = *candidate;
	min->smaller++;
	if (min->found)
		min->found(candidate);
	return true;
}

static bool without(struct minimising *min, size_t first, size_t count)
{
	struct sequence candidate = min->best;

	memmove(candidate.op + first, candidate.op + first + count,
		(candidate.count - first - count) * sizeof(candidate.op[0]));
	candidate.count -= count;
	return candidate.count && is_better(min, &candidate);
}

/* Leave out pieces, large ones first, from the end on: what fails is there. */
static bool leave_out_operations(struct minimising *min)
{
	bool any = false;
	size_t piece, first;

	for (piece = (min->best.count + 1) / 2; piece; piece /= 2) {
		for (first = min->best.count; first >= piece && !is_over(min);) {
			first -= piece;
			if (without(min, first, piece)) {
				any = true;
				if (first > min->best.count)
					first = min->best.count;
			}
		}
	}
	return any;
}

/* Each operation on one page, by the owner, if that is enough. */
static bool simplify_operation(struct minimising *min, size_t number)
{
	struct sequence candidate = min->best;
	struct op *op = &candidate.op[number];

	if (op->count > 1) {
		op->count--;
		if (is_better(min, &candidate))
			return true;
		if (op->row->pages == PAGES_NUMBER)
			return false;
		op->first++;
		if (is_better(min, &candidate))
			return true;
		candidate = min->best;
	}
	if (op->who == MM_OWNER)
		return false;
	op->who = MM_OWNER;
	return is_better(min, &candidate);
}

static bool simplify_operations(struct minimising *min)
{
	bool any = false;
	size_t i;

	for (i = 0; i < min->best.count && !is_over(min); i++)
		while (!is_over(min) && simplify_operation(min, i))
			any = true;
	return any;
}

static bool has_pages(const struct op *op)
{
	return op->row->pages == PAGES_ONE || op->row->pages == PAGES_SOME;
}

static bool uses_page(const struct sequence *sequence, int page)
{
	size_t i;

	for (i = 0; i < sequence->count; i++) {
		const struct op *op = &sequence->op[i];

		if (has_pages(op) && page >= op->first && page < op->first + op->count)
			return true;
	}
	return false;
}

/*
 * What concerns @page concerns @to from now on: only where an operation has this
 * page alone. Other operations no longer concern it, if it is at their end.
 */
static bool replace_page(struct minimising *min, int page, int to)
{
	struct sequence candidate = min->best;
	size_t i;

	for (i = 0; i < candidate.count; i++) {
		struct op *op = &candidate.op[i];

		if (!has_pages(op) || page < op->first || page >= op->first + op->count)
			continue;
		if (op->count == 1) {
			op->first = to;
			continue;
		}
		op->first += op->first == page;
		op->count--;
	}
	return is_better(min, &candidate);
}

/* Fewer pages, and those with the lowest numbers. */
static bool merge_pages(struct minimising *min)
{
	bool any = false;
	int page, to;

	for (page = MM_PAGES - 1; page > 0; page--)
		for (to = 0; to < page && uses_page(&min->best, page) && !is_over(min); to++)
			any |= replace_page(min, page, to);
	return any;
}

static bool uses_process(const struct sequence *sequence, enum mm_who who)
{
	size_t i;

	for (i = 0; i < sequence->count; i++)
		if (sequence->op[i].who == who)
			return true;
	return false;
}

/* What a process does is done by another one, which began before. */
static bool merge_processes(struct minimising *min)
{
	bool any = false;
	int who, to;
	size_t i;

	for (who = MM_GRANDCHILD; who > MM_OWNER; who--) {
		for (to = who - 1; to >= MM_OWNER && !is_over(min); to--) {
			struct sequence candidate = min->best;

			if (!uses_process(&min->best, who))
				break;
			for (i = 0; i < candidate.count; i++)
				if (candidate.op[i].who == (enum mm_who)who)
					candidate.op[i].who = to;
			any |= is_better(min, &candidate);
		}
	}
	return any;
}

void minimise(struct minimising *min)
{
	bool smaller;

	min->end = now_s() + min->seconds;
	/* What comes after the operation that failed did not run. */
	if (min->failed_at >= 0 && (size_t)min->failed_at + 1 < min->best.count)
		without(min, min->failed_at + 1, min->best.count - min->failed_at - 1);
	do {
		smaller = leave_out_operations(min);
		smaller |= merge_processes(min);
		smaller |= merge_pages(min);
		smaller |= simplify_operations(min);
	} while (smaller && !is_over(min));
}
