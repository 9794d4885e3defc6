/* SPDX-License-Identifier: GPL-2.0 */
/* huge.h - a range that one huge page can map, and a device that takes all of it at once */
#ifndef HMM_COHERENT_HUGE_H
#define HMM_COHERENT_HUGE_H

#include "kernel/kernel.h"
#include "report/kmsg.h"
#include "story/story.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

struct huge {
	struct story story;
	struct device device;	/* a second file of the same device, for more pages at once */
	/* @addr and @control are huge ranges inside of @map */
	unsigned char *map, *addr, *control;
	size_t size, pages;	/* of a huge range: bytes, pages */
};

/*
 * Map the ranges, empty, and open the device. Skips where there are no huge
 * pages, or none that the device has room for.
 */
void huge_begin(struct huge *huge, bool read_only);
void huge_end(struct huge *huge);

/*
 * Write all of @range, one of the two, by the CPU in the hand of BY_OWNER, as
 * one huge page or as small ones; R/O afterwards where the story is. Breaks the
 * test when the kernel does not map it as asked.
 */
void huge_fill(struct huge *huge, unsigned char *range, bool as_huge);

/* How many pages of @addr do not have the bytes that huge_fill() wrote. */
size_t huge_lost(const struct huge *huge);

/* Migrate the pages [first, first + count) of @addr to the device, or all that goes there. */
void huge_move_to_device(struct huge *huge, size_t first, size_t count);

/*
 * Pages [first, first + count) of @addr are on the device, all others in
 * memory; each is mapped with the permission that the story has, with its
 * bytes.
 */
void expect_huge_on_device(struct huge *huge, size_t first, size_t count);

/* A range of memory that one huge page maps, beside a story. */
struct huge_range {
	unsigned char *map, *addr;	/* the range is inside of @map */
	size_t size, pages;
};

/*
 * Map one, and write a zero to it by the CPU, which makes it one huge page full
 * of zeros. Skips where there are no huge pages. The caller unmaps it with
 * huge_range_end().
 */
void huge_range_begin(struct huge_range *range, struct device *device);
void huge_range_end(struct huge_range *range);

/*
 * The complaint about a coherent device that is given memory a second time, in
 * the range that it has, is provoked by this test. It comes from
 * pagemap_range(), mm/memremap.c, which is part of memremap_pages() where the
 * compiler likes. Other complaints of that file are not meant.
 */
static inline void allow_second_chunk(void)
{
	kmsg_allow("memremap_pages+0x");
	kmsg_allow("pagemap_range+0x");
}

static inline unsigned char *page_in(unsigned char *range, size_t page)
{
	return range + page * features.page_size;
}

#endif
