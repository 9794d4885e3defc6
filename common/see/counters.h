/* SPDX-License-Identifier: GPL-2.0 */
/*
 * counters.h - the kernel's counters of the pages of a process and of the
 * system
 *
 * The kernel keeps changes of its counters in per-CPU batches. So a test of a
 * counter moves counters_many() pages and tolerates a difference of
 * counters_hidden().
 */
#ifndef HMM_COHERENT_COUNTERS_H
#define HMM_COHERENT_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/compiler.h"

/*
 * How many pages the batches can hide in the difference of two counts: a
 * processor keeps up to 64 changes of RSS (TASK_RSS_EVENTS_THRESH, up to 6.1),
 * or two for each processor of the machine and at least 32
 * (percpu_counter_batch), and 64 pages of charge (MEMCG_CHARGE_BATCH). A test
 * runs on one processor, so each of the two counts lacks at most one batch.
 */
long counters_hidden(void);

/* A number of pages that is large compared with counters_hidden(). */
long counters_many(void);

/*
 * Anonymous pages in the resident set of this process (RssAnon), and committed
 * pages of the whole system (Committed_AS).
 */
long resident_pages(void);
long committed_pages(void);

/*
 * The value of @key in /proc/self/smaps for the mapping of @addr, in
 * bytes, or -ENOENT (show_smap(), fs/proc/task_mmu.c).
 */
long smaps_bytes(const void *addr, const char *key) __must_check;
/* The text of that line behind the colon, such as " rd wr mr mw me ac " of VmFlags. Is it there? */
bool smaps_text(const void *addr, const char *key, char *text, size_t size);

/*
 * is_within() says whether @seen pages differ from @expected by less than
 * @margin; expect_within() checks it.
 */
bool is_within(long seen, long expected, long margin) __must_check;
void expect_within(const char *what, long seen, long expected, long margin);
/* expect_within() with the margin counters_hidden(). */
void expect_about(const char *what, long seen, long expected);

#endif
