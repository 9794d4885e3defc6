// SPDX-License-Identifier: GPL-2.0
#include "cell/frames.h"

#include <errno.h>
#include <sys/mman.h>

#include "report/report.h"
#include "report/rules.h"
#include "see/device.h"
#include "see/device_ranges.h"
#include "see/page.h"

/*
 * Check that each page was returned to the driver. Its list of free pages is
 * last in, first out, and no cell has more than PROBE_PAGES pages of a device.
 * So if nothing has leaked, a migration of this many pages gets the same frames
 * as before the first cell.
 */
#define PROBE_PAGES 5

static struct probe {
	struct cell_env *env;
	struct buffer buffer;
	unsigned long home[PLACE_COUNT][PROBE_PAGES];
} probe;

static struct device *probe_device(enum place place)
{
	return place == PLACE_PRIVATE ? &probe.env->private :
	       place == PLACE_REMOTE	? &probe.env->remote :
				  &probe.env->coherent;
}

/* The frames that the device gives out now; 0 for a page that is not migrated. */
static void probe_frames(enum place place, unsigned long *frames)
{
	struct device *device = probe_device(place);
	struct page pages[PROBE_PAGES];
	size_t i;

	device_move_to(device, probe.buffer.addr, PROBE_PAGES);
	pages_look(probe.buffer.addr, PROBE_PAGES, pages);
	for (i = 0; i < PROBE_PAGES; i++)
		frames[i] = pages[i].at == place ? pages[i].pfn : 0;
	device_move_back(device, probe.buffer.addr, PROBE_PAGES);
}

static bool among(unsigned long frame, const unsigned long *frames, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (frames[i] == frame)
			return true;
	return false;
}

void frames_expect_back(enum place place)
{
	const unsigned long *home = probe.home[place];
	unsigned long now[PROBE_PAGES];
	size_t i;

	if (device_pages(place) == 0)
		return;
	probe_frames(place, now);
	for (i = 0; i < PROBE_PAGES; i++) {
		set_rule(RULE_ENTRY);
		expect(now[i] && home[i],
		       "a page cannot be migrated to the device after the cell");
		set_rule(RULE_FREED_TO_DRIVER);
		expect(!among(now[i], now, i), "the device gives out page frame 0x%lx twice",
		       now[i]);
		expect(among(now[i], home, PROBE_PAGES),
		       "the device gives out page frame 0x%lx, which it did not give out before "
		       "the first cell: a page was not returned to the driver",
		       now[i]);
	}
}

void frames_remember(struct cell_env *env)
{
	probe.env = env;
	buffer_map(&probe.buffer, PROBE_PAGES, PLACE_COHERENT);
	/* A child that shared the buffer would keep its frames in use. */
	if (madvise(probe.buffer.addr, probe.buffer.size, MADV_DONTFORK))
		syscall_failed("MADV_DONTFORK", errno);
	buffer_write(&probe.buffer, 0, PROBE_PAGES, BY_OWNER);
	probe_frames(PLACE_COHERENT, probe.home[PLACE_COHERENT]);
	probe_frames(PLACE_REMOTE, probe.home[PLACE_REMOTE]);
	probe_frames(PLACE_PRIVATE, probe.home[PLACE_PRIVATE]);
}
