// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings that are cut, joined and moved while pages of them are on a device:
 * what /proc says of them and how much memory they lock
 *
 * mlock(), mremap() and mprotect() cut a mapping where they begin and end, and
 * join neighbours that have become alike. The pages do not care, but counters
 * and the list of mappings have to follow.
 */
#include "suite/harness.h"

#include <errno.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 4

FIXTURE(joined)
{
	struct story story;
	long locked;		/* pages that this process had locked before */
};

FIXTURE_VARIANT(joined)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(joined, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(joined, system) { .place = PLACE_SYSTEM };

/* VmLck of this process, in pages. */
static long locked_pages(void)
{
	long kilobytes = read_counter("/proc/self/status", "VmLck");

	if (kilobytes < 0)
		broken("/proc/self/status has no VmLck");
	return kilobytes * 1024 / (long)features.page_size;
}

FIXTURE_SETUP(joined)
{
	story_begin(&self->story, variant->place, false, PAGES);
	self->locked = locked_pages();
}

FIXTURE_TEARDOWN(joined)
{
	story_end(&self->story);
}

static void expect_locked(FIXTURE_DATA(joined) (*self), const char *when, long pages)
{
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result(when, locked_pages() - self->locked, pages);
}

static void expect_all_stay(struct story *s)
{
	size_t i;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

static long lock(struct story *s, size_t first, size_t count)
{
	return mlock(buffer_page(&s->buffer, first), count * features.page_size) ? -errno : 0;
}

static long unlock(struct story *s, size_t first, size_t count)
{
	return munlock(buffer_page(&s->buffer, first), count * features.page_size) ? -errno : 0;
}

SCENARIO(joined, locked_by_pieces,
	 "mlock() over mappings of which some are locked locks all, counts each page once, and "
	 "munlock() takes all back")
{
	struct story *s = &self->story;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mlock of page 1", lock(s, 1, 1), 0);
	expect_locked(self, "VmLck with one page", 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mlock of page 3", lock(s, 3, 1), 0);
	expect_locked(self, "VmLck with two pages", 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mlock of all", lock(s, 0, PAGES), 0);
	expect_locked(self, "VmLck with all pages", PAGES);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("munlock of page 2", unlock(s, 2, 1), 0);
	expect_locked(self, "VmLck without page 2", PAGES - 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("munlock of all", unlock(s, 0, PAGES), 0);
	expect_locked(self, "VmLck at the end", 0);
	expect_all_stay(s);
}

SCENARIO(joined, left_by_mremap,
	 "what MREMAP_DONTUNMAP leaves is locked no more, what it moves still is, and the rest of "
	 "the mapping too")
{
	struct story *s = &self->story;
	const size_t page = features.page_size;
	unsigned char *to = map_memory(page, PROT_NONE), *moved;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mlock", lock(s, 0, PAGES), 0);
	moved = mremap(buffer_page(&s->buffer, 1), page, page,
		       MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
	must(moved == to, "mremap: %s", strerror(errno));
	set_rule(RULE_MOVED_BY_MAPPING);
	expect(page_at(0, to).pfn == s->frames[1], "the moved page has frame 0x%lx, not 0x%lx",
	       page_at(0, to).pfn, s->frames[1]);
	expect_bytes(to, s->buffer.serial, 1, BY_OWNER, "bytes of the moved page");
	expect_locked(self, "VmLck after a page was moved", PAGES);
	unmap_memory(to, page);
	expect_locked(self, "VmLck without it", PAGES - 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("munlock", unlock(s, 0, PAGES), 0);
	expect_locked(self, "VmLck at the end", 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_stays(s, 2);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_joined", argc, argv);
}
