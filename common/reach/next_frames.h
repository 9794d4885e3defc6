/* SPDX-License-Identifier: GPL-2.0 */
/*
 * next_frames.h - which page frames a device hands out next
 *
 * The driver has no counter of its free pages. But they are a list from which
 * the page that was freed last is allocated first (dmirror_devmem_free(),
 * lib/test_hmm.c). So a migration directly after an unmap gets the frames that
 * the unmap freed. A frame that leaked is not among them; one that was freed
 * twice is there twice.
 */
#ifndef HMM_COHERENT_NEXT_FRAMES_H
#define HMM_COHERENT_NEXT_FRAMES_H

#include "reach/buffer.h"
#include "see/device.h"

/*
 * Map @buffer with @pages pages in the pattern of BY_OTHER, on the page frames
 * that @device hands out next. Fails the test under migration-is-the-way-in if
 * a page is not migrated. If @place is in memory, the pages stay in memory, for
 * a control group.
 */
void next_frames_take(struct buffer *buffer, size_t pages, struct device *device,
		      enum place place);

/* How many pages of @buffer have the frame @pfn. */
size_t next_frames_count(const struct buffer *buffer, unsigned long pfn) __must_check;

/*
 * Unmap @buffer from the last page to the first, which restores the order of
 * the device's free list. Check under freed-to-the-driver that each page still
 * has its bytes: otherwise its frame has a second user.
 */
void next_frames_return(struct buffer *buffer);

#endif
