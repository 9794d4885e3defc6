/* SPDX-License-Identifier: GPL-2.0 */
/* huge.h - a range for one huge page, and a device that can migrate all of it at once */
#ifndef HMM_COHERENT_HUGE_H
#define HMM_COHERENT_HUGE_H

#include <sys/mman.h>

#include "kernel/advice.h"
#include "kernel/kernel.h"
#include "report/kmsg.h"
#include "story/story.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

struct huge {
	struct story story;
	struct device device;	/* the same file of the device, for more pages at once */
	/* @addr and @control are huge ranges inside of @map */
	unsigned char *map, *addr, *control;
	size_t size, pages;	/* of a huge range: bytes, pages */
};

/*
 * Map the ranges without pages, and open the device. Skips the test if there
 * are no huge pages, or if they do not fit on the device.
 */
void huge_begin(struct huge *huge, bool read_only);
void huge_end(struct huge *huge);

/*
 * Write all of @range, which is @addr or @control, by the CPU in the pattern of
 * BY_OWNER, as one huge page or as small pages. Make it R/O if the story is.
 * Ends the test if the kernel does not map it as requested.
 */
void huge_fill(struct huge *huge, unsigned char *range, bool as_huge);

/*
 * The kernel says that it has no memory for @what, such as "a huge page". Ends
 * the test with a failed check of legal-calls-work, or as not_prepared() if the
 * machine has few free blocks of that size (/proc/buddyinfo).
 */
void huge_memory_refused(const char *what) __noreturn;

/* How many pages of @addr have lost the bytes that huge_fill() wrote. */
size_t huge_lost(const struct huge *huge);

/* Migrate pages [first, first + count) of @addr to the device, as far as it takes them. */
void huge_move_to_device(struct huge *huge, size_t first, size_t count);

/*
 * Check that pages [first, first + count) of @addr are on the device and all
 * others in memory, each with its bytes and the permission of the story.
 */
void expect_huge_on_device(struct huge *huge, size_t first, size_t count);

/* A range of memory that is mapped by one huge page, for use together with a story. */
struct huge_range {
	unsigned char *map, *addr;	/* the range is inside of @map */
	size_t size, pages;
};

/*
 * Map a range and write a zero to it by the CPU, so that it is one huge page of
 * zeros. Skips the test if there are no huge pages. The caller unmaps it with
 * huge_range_end().
 */
void huge_range_begin(struct huge_range *range, struct device *device);
void huge_range_end(struct huge_range *range);

/*
 * This test causes a warning, because test_hmm requests the range of a coherent
 * device a second time. The warning comes from pagemap_range(), mm/memremap.c,
 * which the compiler may inline into memremap_pages(). Other warnings of that
 * file are not allowed.
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

/*
 * How much of @total is @part, in per cent, the same for each size of a page: 0
 * only if it is nothing, and 100 only if it is all.
 */
static inline long per_cent(size_t part, size_t total)
{
	const long rounded_up = (part * 100 + total - 1) / total;

	return part < total && rounded_up == 100 ? 99 : rounded_up;
}

#endif
