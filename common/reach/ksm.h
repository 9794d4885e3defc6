/* SPDX-License-Identifier: GPL-2.0 */
/* ksm.h - equal pages, and start and stop of KSM, which merges them */
#ifndef HMM_COHERENT_KSM_H
#define HMM_COHERENT_KSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reach/buffer.h"
#include "report/compiler.h"

/* Does the kernel have KSM, and may this process start it? */
bool ksm_available(void);

/*
 * Map @count equal pages with @writer's pattern, which KSM does not merge yet.
 * The caller unmaps them.
 */
unsigned char *ksm_map_equal(size_t count, uint32_t serial, enum writer writer);

/*
 * Allow KSM to merge the @count pages at @addr with each other and with other
 * mergeable pages (MADV_MERGEABLE).
 */
void ksm_mergeable(void *addr, size_t count);

/* Do the two addresses at @twins map the same page? For wait_until(). */
bool ksm_are_merged(void *twins) __must_check;

/* Do the two addresses map the same page? Not if they map none. */
bool ksm_is_same(const void *one, const void *other) __must_check;

/* How many scans ksmd has completed. */
long __must_check ksm_scans(void);

/*
 * Let ksmd look at each page in each scan. Since 6.7 it leaves out pages that it has not
 * merged in up to eight of nine scans (should_skip_rmap_item()), so that two equal pages
 * that it has known for different times may never be in the same scan. The setting is
 * restored after the test.
 */
void ksm_scan_all(void);

/*
 * Start ksmd with short pauses, and stop it. The settings of the machine are
 * restored after the test (restore.h).
 */
void ksm_start(void);
void ksm_stop(void);

/*
 * Wait until ksmd, which must be running, has completed @times more scans, for
 * at most @seconds. Returns whether it has.
 */
bool ksm_scanned(long times, int seconds) __must_check;

#endif
