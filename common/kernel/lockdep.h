/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lockdep.h - which locks lockdep has seen, and what KASAN detects
 *
 * lockdep turns itself off at its first report, for all tests that follow
 * (debug_locks_off(), lib/debug_locks.c). A test that makes it report a known
 * bug of the test driver would therefore disable it for the other tests. Such a
 * test runs only with --destructive, in a VM of its own.
 */
#ifndef HMM_COHERENT_LOCKDEP_H
#define HMM_COHERENT_LOCKDEP_H

#include <stdbool.h>

/* Is lockdep active? It needs CONFIG_PROVE_LOCKING, and turns itself off at its first report. */
bool lockdep_watches(void);

/*
 * Has lockdep recorded that test_hmm adds memory to a device with mmap_lock
 * held (docs/findings.md, test-hmm-lock-order)? Then it reports the next place
 * that takes mmap_lock under a lock of hotplug, and turns itself off. false if
 * it is not active.
 */
bool lockdep_saw_memory_added(void);

/*
 * Does KASAN detect accesses to a freed object of a SLAB_TYPESAFE_BY_RCU cache,
 * such as an anon_vma? It does with CONFIG_SLUB_RCU_DEBUG, since 6.12. This
 * looks for a function that exists only with that option.
 */
bool kasan_watches_freed(void);

#endif
