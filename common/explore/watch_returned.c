// SPDX-License-Identifier: GPL-2.0
/*
 * Page frames of devices, which must be free after a sequence.
 *
 * A reference that is never dropped cannot be seen when nothing maps the page any more,
 * and the driver has no counter of its free pages. But they are a stack
 * (dmirror_devmem_free(), lib/test_hmm.c): what a sequence used is on its top in the end,
 * in some order, and the pages that are migrated next get it. Holes are migrated, since
 * they need no copy.
 */
#include "explore/watch.h"

#include <string.h>
#include <sys/mman.h>

#include "explore/compare.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "report/report.h"
#include "see/page.h"

/* Frames of one device that a sequence used; more are not looked at. */
#define LENT_MAX 40
/* One call of the driver takes so many before it returns those that it does not need. */
#define AT_ONCE MM_BUFFER_PAGES
/* The end of a transfer may still hold a page for a moment (bio_check_pages_dirty()). */
#define RETURN_S 1

static struct lent {
	int count, most;	/* frames, and how many at the same time */
	unsigned long pfn[LENT_MAX];
} lent[PLACE_COUNT];

static void note(struct lent *to, unsigned long pfn)
{
	int i;

	for (i = 0; i < to->count; i++)
		if (to->pfn[i] == pfn)
			return;
	if (to->count < LENT_MAX)
		to->pfn[to->count++] = pfn;
}

void watch_lent(const struct mm_model *m)
{
	int used[PLACE_COUNT] = { 0 }, i;

	for (i = 0; i < MM_FRAMES; i++) {
		const struct mm_frame *frame = &m->frame[i];

		if (!frame->used || !frame->pfn || in_memory(frame->at))
			continue;
		note(&lent[frame->at], frame->pfn);
		if (++used[frame->at] > lent[frame->at].most)
			lent[frame->at].most = used[frame->at];
	}
}

struct returning {
	struct device *device;
	const struct lent *lent;
	unsigned char *memory;
	int missing;
};

/* Does the device hand out all frames again that it lent? */
static bool are_returned(void *arg)
{
	struct returning *returning = arg;
	const struct lent *given = returning->lent;
	const int pages = given->most + AT_ONCE;	/* fits, since a frame has a mapping */
	struct page seen[WORLD_BOUNCE_PAGES];
	int i, j;

	device_move_to(returning->device, returning->memory, pages);
	pages_look_through(world.pagemap[MM_OWNER], returning->memory, pages, seen);
	advise_memory(returning->memory, pages * features.page_size, MADV_DONTNEED);
	returning->missing = 0;
	for (i = 0; i < given->count; i++) {
		for (j = 0; j < pages && seen[j].pfn != given->pfn[i]; j++)
			;
		returning->missing += j == pages;
	}
	return !returning->missing;
}

bool watch_returned(void)
{
	static unsigned char *memory;
	bool right = true;
	int i;

	if (!memory) {
		const size_t size = WORLD_BOUNCE_PAGES * features.page_size;

		memory = map_memory(size, PROT_READ | PROT_WRITE);
		advise_memory(memory, size, MADV_DONTFORK);
	}
	for (i = 0; i < 3 && right; i++) {
		struct device *device = &world.device[device_option(i)];
		struct returning returning = { .device = device, .memory = memory,
					       .lent = &lent[device_option(i)] };

		if (!returning.lent->count)
			continue;
		set_rule(RULE_FREED_TO_DRIVER);
		right = expect(wait_until(are_returned, &returning, RETURN_S),
			       "device %c does not hand out %d of %d page frames again that the "
			       "sequence has released", "abp"[i], returning.missing,
			       returning.lent->count);
	}
	memset(lent, 0, sizeof(lent));
	return right;
}
