/* SPDX-License-Identifier: GPL-2.0 */
/*
 * watch.h - look at the whole world after an operation, and compare it with the
 * model
 */
#ifndef HMM_COHERENT_WATCH_H
#define HMM_COHERENT_WATCH_H

#include "explore/mm_model.h"
#include "explore/op.h"

/* The parts of a comparison, and the seconds that each took, if they are asked for. */
#define WATCH_PARTS(PART) \
	PART(TRANSFERRED, "what was transferred") \
	PART(MAPPINGS, "pagemap") \
	PART(PERMISSIONS, "permissions") \
	PART(BYTES, "bytes") \
	PART(FRAMES, "frames") \
	PART(DUMPS, "dumps") \
	PART(COUNTERS, "counters")

#define WATCH_PART_ID(id, name) WATCH_##id,
enum watch_part { WATCH_PARTS(WATCH_PART_ID) WATCH_COUNT };
#undef WATCH_PART_ID

/*
 * Compare, and report each difference under the rule of @op if the operation
 * changed the page, and under nothing-else-changes if it did not. @before is the
 * model before the operation. The model learns the page frames. @thorough: look at
 * all there is, as after the last operation. Adds to @seconds, unless that is NULL.
 * Returns the number of differences.
 */
int watch(struct mm_model *m, const struct mm_model *before, const struct op *op, bool thorough,
	  double seconds[WATCH_COUNT]);

/* Note which page frames of devices are in use, for watch_returned(). */
void watch_lent(const struct mm_model *m);

/*
 * After a sequence, when nothing maps its pages any more: are those frames free again?
 * Reports a difference under freed-to-the-driver.
 */
bool __must_check watch_returned(void);

/* Note nr_mlock of /proc/vmstat before an operation that leaves it: step->uncounted. */
void watch_before_lock(void);

#endif
