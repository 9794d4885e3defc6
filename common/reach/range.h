/* SPDX-License-Identifier: GPL-2.0 */
/*
 * range.h - a range of many pages, to count them or to fill a device
 *
 * The bytes are not checked. Pages that were not written are migrated as empty
 * pages.
 */
#ifndef HMM_COHERENT_RANGE_H
#define HMM_COHERENT_RANGE_H

#include <stddef.h>

#include "report/compiler.h"
#include "see/device.h"

/*
 * Pages per migration; the device must be opened for as many. Less than a huge
 * page, since later drivers allocate a huge page for a whole empty one.
 */
#define RANGE_STEP 128

struct range {
	unsigned char *addr;
	size_t pages;
};

/* Map @pages small pages, without touching them. range_unmap() unmaps them. */
void range_map(struct range *range, size_t pages);
void range_unmap(const struct range *range);

/*
 * Migrate the range to the device or back, as far as there are free pages. The
 * caller checks where the pages are.
 */
void range_move_to(const struct range *range, struct device *device);
void range_move_back(const struct range *range, struct device *device);

/*
 * Migrate pages to the device until it has no free page. Returns how many
 * pages, from the beginning of the range, are on the device.
 */
size_t range_fill(const struct range *range, struct device *device) __must_check;

#endif
