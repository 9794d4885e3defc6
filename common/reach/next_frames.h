/* SPDX-License-Identifier: GPL-2.0 */
/*
 * next_frames.h - which page frames a device hands out next
 *
 * The driver has no counter to ask. But its free pages are a list, out of which
 * the page that came back last goes out first (dmirror_devmem_free(),
 * lib/test_hmm.c). So the frames that a migration gets right after an unmap are
 * the ones that the unmap gave back; one that leaked is not among them, one
 * that was given back twice is there twice.
 */
#ifndef HMM_COHERENT_NEXT_FRAMES_H
#define HMM_COHERENT_NEXT_FRAMES_H

#include "reach/buffer.h"
#include "see/device.h"

/*
 * Map @buffer, @pages pages in the hand of BY_OTHER, on the page frames that
 * @device hands out next. Fails the test under migration-is-the-way-in when a
 * page does not get there. With @place in memory: on frames of memory, for a
 * control group.
 */
void next_frames_take(struct buffer *buffer, size_t pages, struct device *device,
		      enum place place);

/* How many of the pages of @buffer have the frame @pfn. */
size_t next_frames_count(const struct buffer *buffer, unsigned long pfn) __must_check;

/*
 * Unmap @buffer, last out first in, so that the device's list of free pages is
 * as it was. A check of each page under freed-to-the-driver: it still has the
 * bytes that it got, or its frame has a second user.
 */
void next_frames_return(struct buffer *buffer);

#endif
