/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buffer.h - anonymous private memory with a pattern: each word contains its
 * writer, buffer and position
 *
 * Each writer has its own pattern, and all buffers of a program differ. So a
 * test detects a page that is swapped with another, stale, foreign or zero, and
 * a write always changes the bytes.
 */
#ifndef HMM_COHERENT_BUFFER_H
#define HMM_COHERENT_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "report/compiler.h"
#include "see/page.h"

#define BUFFER_PAGES_MAX 8

/* The writer of a page, which determines its pattern. */
enum writer {
	BY_OWNER = 'o',
	BY_OWNER_AGAIN = 'w',
	BY_CHILD = 'c',
	BY_MEDIUM = 'm',
	BY_DEVICE = 'd',
	BY_OTHER = 'x'
};

/*
 * The bytes that an observer reads in one page, compared with the first ones
 * and with those that an access wrote.
 */
enum data {
	DATA_NOT_LOOKED,	/* there is no such observer */
	DATA_OLD,		/* all words as before the access */
	DATA_NEW,		/* all words as written by the access */
	DATA_ZERO,
	DATA_MIXED,		/* a mixture of old and new words, or other bytes */
	DATA_UNREADABLE,
	DATA_COUNT
};

const char *data_name(enum data data);

struct buffer {
	unsigned char *addr;
	size_t pages;
	size_t size;		/* bytes */
	uint32_t serial;	/* in every word that is written to this buffer */
	int node;		/* NUMA node that the memory is bound to, or -1 */
};

/*
 * Map @pages pages, bound to a node that has memory of the kind @place, with
 * MADV_NOHUGEPAGE (migration treats huge pages differently in each kernel, and
 * other tests check them). No page is touched. The caller unmaps it with
 * buffer_unmap().
 */
void buffer_map(struct buffer *buffer, size_t pages, enum place place);
void buffer_unmap(struct buffer *buffer);

/* The same at @addr, where nothing is mapped, and in memory outside of ZONE_MOVABLE. */
void buffer_map_at(struct buffer *buffer, void *addr, size_t pages);

unsigned char *buffer_page(const struct buffer *buffer, size_t page);

/*
 * Page @page of the buffer is in another zone than that of buffer_map(). Ends
 * the test: the kernel may choose the zone within a node, but the node must be
 * the one to which the memory is bound.
 */
void buffer_in_wrong_zone(const struct buffer *buffer, size_t page, enum place at) __noreturn;

/* Fill the page at @to with @writer's pattern for page @page of the buffer with @serial. */
void write_page(void *to, uint32_t serial, size_t page, enum writer writer);

/* Fill pages [first, first + count) of the buffer with @writer's pattern, by the CPU. */
void buffer_write(struct buffer *buffer, size_t first, size_t count, enum writer writer);

/*
 * Compare the page-sized @bytes with page @page of the buffer with @serial.
 * Returns DATA_OLD for the pattern of @before, DATA_NEW for that of @after, or
 * another value.
 */
enum data read_page(const void *bytes, uint32_t serial, size_t page, enum writer before,
		    enum writer after);

/*
 * Check that all words of the page-sized @bytes have @writer's pattern for page
 * @page of the buffer with @serial. @what describes the bytes. The message has
 * the first word that differs, and the expected one.
 */
void expect_bytes(const void *bytes, uint32_t serial, size_t page, enum writer writer,
		  const char *what);

/* The same for a page that was never written: all words are 0. */
void expect_zeros(const void *bytes, const char *what);

#endif
