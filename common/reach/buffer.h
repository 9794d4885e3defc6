/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buffer.h - anonymous private memory whose every word says who wrote it, when
 * and where
 *
 * Each observer writes in a hand of its own, and no two buffers of a program
 * hold the same bytes, so a swapped, stale, foreign or zero page is seen, and
 * nobody can pass by writing what was already there.
 */
#ifndef HMM_COHERENT_BUFFER_H
#define HMM_COHERENT_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "see/page.h"

#define BUFFER_PAGES_MAX 8

/* Who wrote. */
enum writer {
	BY_OWNER = 'o',
	BY_OWNER_AGAIN = 'w',
	BY_CHILD = 'c',
	BY_MEDIUM = 'm',
	BY_DEVICE = 'd',
	BY_OTHER = 'x'
};

/*
 * What an observer sees in one page, compared with what it held at first and
 * what was written to it since.
 */
enum data {
	DATA_NOT_LOOKED,	/* there is no such observer */
	DATA_OLD,		/* all of it as it was */
	DATA_NEW,		/* all of it as written by the access */
	DATA_ZERO,
	DATA_MIXED,		/* some words of each, or foreign ones */
	DATA_UNREADABLE,
	DATA_COUNT
};

const char *data_name(enum data data);

struct buffer {
	unsigned char *addr;
	size_t pages;
	size_t size;		/* bytes */
	uint32_t serial;	/* in every word that is written to this buffer */
	int node;		/* NUMA node that its memory is bound to, or -1 */
};

/*
 * Map @pages pages, bound to the node that can give memory of the kind @place,
 * and never huge (a huge page is another subject, and migration treats it
 * differently in each kernel). Nothing is touched. The caller unmaps it with
 * buffer_unmap().
 */
void buffer_map(struct buffer *buffer, size_t pages, enum place place);
void buffer_unmap(struct buffer *buffer);

unsigned char *buffer_page(const struct buffer *buffer, size_t page);

/* Fill one page at @to in the hand of @writer, as page number @page of the buffer with @serial. */
void write_page(void *to, uint32_t serial, size_t page, enum writer writer);

/* Write pages [first, first + count) of the buffer by the CPU of this process. */
void buffer_write(struct buffer *buffer, size_t first, size_t count, enum writer writer);

/*
 * What the page-sized bytes at @bytes are: @page of the buffer, as DATA_OLD (in the
 * hand of @before) or DATA_NEW (@after), or neither.
 */
enum data read_page(const void *bytes, uint32_t serial, size_t page, enum writer before,
		    enum writer after);

/*
 * One check: all words of the page-sized @bytes are those that @writer wrote to
 * page @page of the buffer with @serial. @what says whose bytes these are. The
 * message has the first word that differs, and what it should be.
 */
void expect_bytes(const void *bytes, uint32_t serial, size_t page, enum writer writer,
		  const char *what);

/* The same for a page that nobody wrote: all its words are 0. */
void expect_zeros(const void *bytes, const char *what);

#endif
