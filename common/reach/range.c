// SPDX-License-Identifier: GPL-2.0
#include "reach/range.h"

#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/page.h"

void range_map(struct range *range, size_t pages)
{
	range->pages = pages;
	range->addr = map_memory(pages * features.page_size, PROT_READ | PROT_WRITE);
}

void range_unmap(const struct range *range)
{
	unmap_memory(range->addr, range->pages * features.page_size);
}

static unsigned char *page_of(const struct range *range, size_t page)
{
	return range->addr + page * features.page_size;
}

/* Number of pages of the step that begins with @page: the last step may be shorter. */
static size_t step_at(const struct range *range, size_t page)
{
	return range->pages - page < RANGE_STEP ? range->pages - page : RANGE_STEP;
}

void range_move_to(const struct range *range, struct device *device)
{
	size_t page;

	for (page = 0; page < range->pages; page += RANGE_STEP)
		device_move_to(device, page_of(range, page), step_at(range, page));
}

void range_move_back(const struct range *range, struct device *device)
{
	size_t page;

	for (page = 0; page < range->pages; page += RANGE_STEP)
		device_move_back(device, page_of(range, page), step_at(range, page));
}

size_t range_fill(const struct range *range, struct device *device)
{
	size_t page, step, moved = RANGE_STEP;

	for (page = 0; page < range->pages && moved == RANGE_STEP; page += RANGE_STEP) {
		step = step_at(range, page);
		device_move_to(device, page_of(range, page), step);
		moved = pages_at(page_of(range, page), step, device->memory);
	}
	return page - RANGE_STEP + moved;
}
