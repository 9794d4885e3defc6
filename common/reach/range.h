/* SPDX-License-Identifier: GPL-2.0 */
/*
 * range.h - more pages than a buffer has, to count or to fill a device with
 *
 * Nobody looks at their bytes: what is not written goes to a device as empty
 * pages.
 */
#ifndef HMM_COHERENT_RANGE_H
#define HMM_COHERENT_RANGE_H

#include <stddef.h>

#include "report/compiler.h"
#include "see/device.h"

/*
 * Pages that one migration moves: the device has to be opened for as many. Less
 * than a huge page, since later drivers answer a whole empty one with a huge
 * page.
 */
#define RANGE_STEP 128

struct range {
	unsigned char *addr;
	size_t pages;
};

/* Map @pages small pages that were never touched. range_unmap() takes them away. */
void range_map(struct range *range, size_t pages);
void range_unmap(const struct range *range);

/* Migrate all of the range, or all that the device takes. Whoever calls looks at the pages. */
void range_move_to(const struct range *range, struct device *device);
void range_move_back(const struct range *range, struct device *device);

/*
 * The same until the device has no free page left. Returns how many pages of
 * the range, from its beginning, are on the device then.
 */
size_t range_fill(const struct range *range, struct device *device) __must_check;

#endif
