// SPDX-License-Identifier: GPL-2.0
#include "reach/next_frames.h"

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "report/report.h"

static struct page *look(const struct buffer *buffer)
{
	static struct page pages[PAGES_LOOK_MAX];

	pages_look(buffer->addr, buffer->pages, pages);
	return pages;
}

void next_frames_take(struct buffer *buffer, size_t pages, struct device *device,
		      enum place place)
{
	const int rule = report->rule;
	struct page *seen;
	size_t i;

	buffer_map(buffer, pages, place);
	buffer_write(buffer, 0, pages, BY_OTHER);
	if (!in_memory(place)) {
		device_move_to(device, buffer->addr, pages);
		set_rule(RULE_ENTRY);
		seen = look(buffer);
		for (i = 0; i < pages; i++)
			must(seen[i].at == place,
			     "a page that is migrated to find free frames is %s after migration",
			     place_name(seen[i].at));
	}
	report->rule = rule;
}

size_t next_frames_count(const struct buffer *buffer, unsigned long pfn)
{
	const struct page *pages = look(buffer);
	size_t i, count = 0;

	for (i = 0; i < buffer->pages; i++)
		count += pages[i].pfn == pfn;
	return count;
}

void next_frames_return(struct buffer *buffer)
{
	const int rule = report->rule;
	size_t i;

	set_rule(RULE_FREED_TO_DRIVER);
	for (i = buffer->pages; i--;) {
		expect_bytes(buffer_page(buffer, i), buffer->serial, i, BY_OTHER,
			     "bytes of a page on a frame that the device handed out");
		unmap_memory(buffer_page(buffer, i), features.page_size);
	}
	buffer->addr = NULL;
	report->rule = rule;
}
