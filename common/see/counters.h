/* SPDX-License-Identifier: GPL-2.0 */
/*
 * counters.h - what pages cost their user, as the kernel counts it
 *
 * The kernel keeps changes of its counters in batches, one for each processor.
 * So a test of them moves counters_many() pages, and allows for
 * counters_hidden().
 */
#ifndef HMM_COHERENT_COUNTERS_H
#define HMM_COHERENT_COUNTERS_H

#include <stdbool.h>

#include "report/compiler.h"

/*
 * How many pages the batches may hide from a difference of two counts: a
 * processor keeps up to 64 changes of RSS for itself (TASK_RSS_EVENTS_THRESH,
 * up to 6.1), or two for each processor of the machine and 32 at least
 * (percpu_counter_batch), and 64 pages of charge (MEMCG_CHARGE_BATCH). A test
 * runs on one processor, so there is one batch on each side of a difference.
 */
long counters_hidden(void);

/* So many pages that the batches cannot hide them. */
long counters_many(void);

/*
 * Anonymous pages in the resident set of this process (RssAnon), and pages that
 * the whole system has committed (Committed_AS).
 */
long resident_pages(void);
long committed_pages(void);

/*
 * The line @key of the entry of the mapping that begins at @addr in
 * /proc/self/smaps, in bytes, or -ENOENT (show_smap(), fs/proc/task_mmu.c).
 */
long smaps_bytes(const void *addr, const char *key) __must_check;

/* One check: @seen pages, where @expected are right, give or take @margin. */
bool is_within(long seen, long expected, long margin) __must_check;
void expect_within(const char *what, long seen, long expected, long margin);
/* The same, give or take what the batches hide. */
void expect_about(const char *what, long seen, long expected);

#endif
