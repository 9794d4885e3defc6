/* SPDX-License-Identifier: GPL-2.0 */
/*
 * own_counts.h - what the kernel counts of a process, compared with its page
 * tables and mappings
 *
 * /proc/PID/status has counters that the kernel changes with each operation;
 * /proc/PID/smaps has what a walk of the mappings finds. Both must agree at any
 * time, so each scenario checks it at its end, while its memory is still mapped.
 */
#ifndef HMM_COHERENT_OWN_COUNTS_H
#define HMM_COHERENT_OWN_COUNTS_H

/*
 * Compare RssAnon, the other resident pages, VmSwap, VmLck, VmData, VmSize and
 * HugetlbPages of the calling process with the sums over its mappings. A
 * difference that persists is a failed check. Does nothing in a process with
 * several threads, whose mappings may change meanwhile, and nothing if the files
 * cannot be read.
 */
void own_counts_check(void);

/*
 * This test leaves entries of poisoned pages: smaps counts their page
 * (softleaf_has_pfn() in smaps_pte_entry()), and try_to_unmap_one() has taken it off
 * the counters. Do not compare resident pages.
 */
void own_counts_has_poison(void);

#endif
