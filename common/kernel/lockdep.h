/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lockdep.h - what lockdep has seen, and whether KASAN watches
 *
 * lockdep turns itself off at its first report, for all tests that follow
 * (debug_locks_off(), lib/debug_locks.c). A test that makes it report a known
 * bug of the test driver would leave the others unwatched; such a test is left
 * to --destructive, which gives it a VM of its own.
 */
#ifndef HMM_COHERENT_LOCKDEP_H
#define HMM_COHERENT_LOCKDEP_H

#include <stdbool.h>

/* Does lockdep watch? Not without CONFIG_PROVE_LOCKING, and not after its first report. */
bool lockdep_watches(void);

/*
 * Has a lock of the class @inner been taken while one of @outer was held? The
 * names are those of /proc/lockdep.
 */
bool lockdep_has_seen(const char *outer, const char *inner);

/*
 * Does KASAN see accesses to an object that was freed in a cache of
 * SLAB_TYPESAFE_BY_RCU, such as an anon_vma? It does with
 * CONFIG_SLUB_RCU_DEBUG, since 6.12; known by a function that is there with
 * that and not without.
 */
bool kasan_watches_freed(void);

#endif
