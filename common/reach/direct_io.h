/* SPDX-License-Identifier: GPL-2.0 */
/*
 * direct_io.h - the medium of direct I/O: a file on a filesystem, or a raw
 * block device
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
	 * the same file without O_DIRECT, to check bytes through the page cache
	 */
	int buffered;
	/*
	 * bytes: offsets and lengths must be multiples of it (STATX_DIOALIGN,
	 * or a safe value)
	 */
	size_t align;
	/* a mapping of the medium that is never touched, for mincore() */
	void *cache;
	/*
	 * BUFFER_PAGES_MAX pages of ordinary memory, to prepare and check the
	 * medium
	 */
	void *bounce;
};

/*
 * Open a new file in $HMM_COHERENT_DIR, which is unlinked at once so that
 * nothing is left behind; or the raw device $HMM_COHERENT_RAW; or
 * $HMM_COHERENT_SLOW, a device whose transfers complete late. False if the
 * environment does not name one. The test is broken if it cannot be used.
 */
bool medium_file(struct medium *medium) __must_check;
bool medium_raw(struct medium *medium) __must_check;
bool medium_slow(struct medium *medium) __must_check;
/* Open either of the first two. */
bool medium_any(struct medium *medium) __must_check;

void medium_close(struct medium *medium);

/*
 * Write pages [0, @pages) of the buffer with @serial, in @writer's pattern, to
 * the medium.
 */
void medium_write(struct medium *medium, uint32_t serial, size_t pages, enum writer writer);

/* The bytes of page @page of the medium, read directly into ordinary memory. */
enum data medium_look(struct medium *medium, uint32_t serial, size_t page, enum writer before,
		      enum writer after);

/*
 * How many of the pages [0, @pages) of the medium are in the page cache, by
 * mincore(2), which does not read them in. A direct transfer leaves none,
 * unless it falls back to buffered I/O.
 */
size_t medium_cached(struct medium *medium, size_t pages);

/* Like medium_look(), read through the page cache. */
enum data medium_look_buffered(struct medium *medium, uint32_t serial, size_t page,
			       enum writer before, enum writer after);

#endif
