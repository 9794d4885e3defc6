/* SPDX-License-Identifier: GPL-2.0 */
/* ksm.h - equal pages, and KSM that merges them when it is told to */
#ifndef HMM_COHERENT_KSM_H
#define HMM_COHERENT_KSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reach/buffer.h"
#include "report/compiler.h"

/* Is there KSM, and may this process start it? */
bool ksm_available(void);

/*
 * @count equal pages in the hand of @writer, that KSM must not merge yet. The
 * caller unmaps them. Breaks the test without memory.
 */
unsigned char *ksm_map_equal(size_t count, uint32_t serial, enum writer writer);

/*
 * Let KSM merge the @count pages at @addr with each other and with whatever
 * else it may (MADV_MERGEABLE).
 */
void ksm_mergeable(void *addr, size_t count);

/* Are the two pages at @twins one? For wait_until(). */
bool ksm_are_merged(void *twins) __must_check;

/*
 * Have ksmd run, fast; and stop it. What the machine had set comes back after
 * the test (restore.h).
 */
void ksm_start(void);
void ksm_stop(void);

/*
 * Wait until ksmd, which runs, has gone over everything @times more, for at
 * most @seconds. Returns whether it has.
 */
bool ksm_scanned(long times, int seconds) __must_check;

#endif
