// SPDX-License-Identifier: GPL-2.0
#include "explore/minimise.h"

#include <string.h>
#include <time.h>

#include "explore/mm_model.h"

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Run a candidate. If it fails in the same way, it is the best one from now on. */
static bool is_better(struct minimising *min, const struct sequence *candidate)
{
	struct failure failure;

	if (min->announce)
		min->announce(candidate);
	min->tried++;
	failure = worker_run(candidate, min->twin, NULL, true, NULL);
	if (!is_same_failure(&failure, &min->failure))
		return false;
	min->best = *candidate;
	min->smaller++;
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
static bool leave_out_operations(struct minimising *min, time_t end)
{
	bool any = false;
	size_t piece, first;

	for (piece = (min->best.count + 1) / 2; piece; piece /= 2) {
		for (first = min->best.count; first >= piece && now() < end;) {
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
static bool simplify_operations(struct minimising *min, time_t end)
{
	bool any = false;
	size_t i;

	for (i = 0; i < min->best.count && now() < end; i++) {
		struct sequence candidate = min->best;
		struct op *op = &candidate.op[i];

		if (op->row->pages == PAGES_NUMBER && op->count > 1) {
			op->count--;
			any |= is_better(min, &candidate);
			continue;
		}
		if (op->count > 1 && op->row->pages == PAGES_SOME) {
			op->count--;
			if (is_better(min, &candidate)) {
				any = true;
				continue;
			}
			op->first++;
			if (is_better(min, &candidate)) {
				any = true;
				continue;
			}
			candidate = min->best;
		}
		if (op->who != MM_OWNER) {
			op->who = MM_OWNER;
			any |= is_better(min, &candidate);
		}
	}
	return any;
}

void minimise(struct minimising *min)
{
	const time_t end = now() + min->seconds;

	bool shorter, simpler;

	do {
		shorter = leave_out_operations(min, end);
		simpler = simplify_operations(min, end);
	} while ((shorter || simpler) && now() < end);
}
