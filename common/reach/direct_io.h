/* SPDX-License-Identifier: GPL-2.0 */
/*
 * direct_io.h - the other end of direct I/O: a file on a filesystem, or a raw block device
 */
#ifndef HMM_COHERENT_DIRECT_IO_H
#define HMM_COHERENT_DIRECT_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "reach/buffer.h"
#include "report/compiler.h"

struct medium {
	int fd;			/* O_DIRECT */
	/*
	 * the same without: bytes checked through a path that has nothing to do
	 * with user pages
	 */
	int buffered;
	/*
	 * bytes: offsets and lengths have to be multiples of it (statx
	 * DIOALIGN, or a guess that is safe)
	 */
	size_t align;
	/* a mapping of the medium, never touched: what mincore() asks about */
	void *cache;
	/*
	 * ordinary memory, BUFFER_PAGES_MAX pages, for preparing and checking
	 * the medium
	 */
	void *bounce;
};

/*
 * A new file in $HMM_COHERENT_DIR, already unlinked, so that nothing is left
 * behind; or the raw device $HMM_COHERENT_RAW; or a device whose transfers
 * complete late, $HMM_COHERENT_SLOW. False when the environment does not name
 * one. Breaks the test when it can't be used.
 */
bool medium_file(struct medium *medium) __must_check;
bool medium_raw(struct medium *medium) __must_check;
bool medium_slow(struct medium *medium) __must_check;
/* Any of the first two. */
bool medium_any(struct medium *medium) __must_check;

void medium_close(struct medium *medium);

/*
 * Put pages [0, @pages) in the hand of @writer on the medium, as pages of the
 * buffer with @serial.
 */
void medium_write(struct medium *medium, uint32_t serial, size_t pages, enum writer writer);

/* What page @page of the medium holds, read directly into ordinary memory. */
enum data medium_look(struct medium *medium, uint32_t serial, size_t page, enum writer before,
		      enum writer after);

/*
 * How many of the pages [0, @pages) of the medium are in the page cache?
 * mincore(2) does not bring them there. A direct transfer that is not a
 * fall-back to buffered I/O leaves none.
 */
size_t medium_cached(struct medium *medium, size_t pages);

/* The same, read through the page cache. */
enum data medium_look_buffered(struct medium *medium, uint32_t serial, size_t page,
			       enum writer before, enum writer after);

#endif
