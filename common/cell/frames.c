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
 * Does the driver have every page back? Its list of free pages is last in,
 * first out, and no cell ever has more than PROBE_PAGES of a device, so as long
 * as nothing leaks, that many pages which go there now get the very frames that
 * they got at first.
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

/* The frames that the device gives out now; 0 for a page that does not get there. */
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
		       "a page does not get to the device when the cell has ended");
		set_rule(RULE_FREED_TO_DRIVER);
		expect(!among(now[i], now, i), "the device gives out page frame 0x%lx twice",
		       now[i]);
		expect(among(now[i], home, PROBE_PAGES),
		       "the device gives out page frame 0x%lx, which it never had to before: a "
		       "page did not come back",
		       now[i]);
	}
}

void frames_remember(struct cell_env *env)
{
	probe.env = env;
	buffer_map(&probe.buffer, PROBE_PAGES, PLACE_COHERENT);
	/* A child that shared it would keep its frames. */
	if (madvise(probe.buffer.addr, probe.buffer.size, MADV_DONTFORK))
		syscall_failed("MADV_DONTFORK", errno);
	buffer_write(&probe.buffer, 0, PROBE_PAGES, BY_OWNER);
	probe_frames(PLACE_COHERENT, probe.home[PLACE_COHERENT]);
	probe_frames(PLACE_REMOTE, probe.home[PLACE_REMOTE]);
	probe_frames(PLACE_PRIVATE, probe.home[PLACE_PRIVATE]);
}
