/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compare.h - one comparison of the world with the model, of which watch.c,
 * watch_bytes.c and watch_counts.c do a part each
 */
#ifndef HMM_COHERENT_COMPARE_H
#define HMM_COHERENT_COMPARE_H

#include <stdbool.h>

#include "explore/op.h"
#include "explore/world.h"

struct watching {
	struct mm_model *m;
	const struct mm_model *before;
	const struct op *op;
	bool thorough;		/* the last one of a sequence: look at all there is */
	int differences;
	/* once for all comparisons: which pages differ from @before, and mappings by frame */
	bool changed[MM_PROCESSES][MM_PAGES];
	int mappings[MM_FRAMES];
};

/* Did the operation change what @who maps at @page? */
bool compare_is_changed(const struct watching *w, int who, int page) __must_check;

/* Can the CPU of @who read the page without a fault? */
bool compare_is_readable(const struct mm_model *m, int who, int page) __must_check;

/* A check of @what of @page; @expected is "expected|seen". */
void compare(struct watching *w, bool same, int who, int page, const char *what,
	     const char *expected, ...) __printf(6, 7);

/* What the operation read and wrote, the bytes of the pages, and those that holders see. */
void compare_transferred(struct watching *w);
void compare_bytes(struct watching *w);

/* Mappings, exclusivity and references of page frames; counters of the processes. */
void compare_frames(struct watching *w);
void compare_dumps(struct watching *w);
void compare_counters(struct watching *w);

/*
 * The pages that the kernel counts as locked, in the whole system; -1 if that is
 * not known exactly. After a sequence there must be as many as before it.
 */
long __must_check watch_locked(void);
bool watch_unlocked(long before) __must_check;

#endif
