// SPDX-License-Identifier: GPL-2.0
/*
 * KSM and pages on a coherent device: what is on a device is not merged, and what was merged goes there and comes back as one page
 *
 * KSM replaces equal pages of several processes by one, which nobody owns. Were a device's page taken for such a one, memory of
 * processes that never heard of the device would end up there.
 */
#include "harness.h"

#include <sys/mman.h>

#include "kernel.h"
#include "story.h"

#define KSM "/sys/kernel/mm/ksm/"
#define MERGE_S 15

FIXTURE(ksm)
{
	struct story story;
	unsigned char *twins, *others;	/* two equal pages each; those of the one and of the other are not equal */
	long scans;
};

static void stop_merging(void)
{
	write_text(KSM "run", "0");
	write_text(KSM "sleep_millisecs", "20");
	write_text(KSM "pages_to_scan", "100");
}

static void start_merging(void)
{
	if (write_text(KSM "pages_to_scan", "1000") || write_text(KSM "sleep_millisecs", "1") || write_text(KSM "run", "1"))
		broken("KSM cannot be started");
}

static unsigned char *map_twins(struct story *s, enum writer writer)
{
	unsigned char *twins = mmap(NULL, 2 * features.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (twins == MAP_FAILED)
		broken("mmap: %s", strerror(errno));
	madvise(twins, 2 * features.page_size, MADV_NOHUGEPAGE);
	write_page(twins, s->buffer.serial, 0, writer);
	write_page(twins + features.page_size, s->buffer.serial, 0, writer);
	return twins;
}

FIXTURE_SETUP(ksm)
{
	need(!access(KSM "run", W_OK), "this kernel has no KSM: it takes CONFIG_KSM, and root");
	/* A scenario that was ended half way may have left it running. */
	stop_merging();
	story_begin(&self->story, COHERENT, false, 1);
	self->twins = map_twins(&self->story, BY_CHILD);
	self->others = map_twins(&self->story, BY_OTHER);
}

FIXTURE_TEARDOWN(ksm)
{
	stop_merging();
	munmap(self->twins, 2 * features.page_size);
	munmap(self->others, 2 * features.page_size);
	story_end(&self->story);
}

static void mergeable(void *addr, size_t pages)
{
	if (madvise(addr, pages * features.page_size, MADV_MERGEABLE))
		broken("MADV_MERGEABLE: %s", strerror(errno));
}

static struct page second_of(unsigned char *twins)
{
	return page_at(0, twins + features.page_size);
}

static bool are_merged(void *twins)
{
	return page_at(0, twins).pfn == second_of(twins).pfn;
}

static bool has_scanned(void *self)
{
	FIXTURE_DATA(ksm) (*mine) = self;

	return read_number(KSM "full_scans") >= mine->scans;
}

/* Let KSM run until it has merged the others, and then over everything twice more: whatever it wanted to merge is merged then. */
static void merge_all(FIXTURE_DATA(ksm) (*self))
{
	mergeable(self->others, 2);
	start_merging();
	if (!wait_until(are_merged, self->others, MERGE_S))
		broken("KSM does not merge two equal pages of memory within %d s", MERGE_S);
	self->scans = read_number(KSM "full_scans") + 3;
	if (!wait_until(has_scanned, self, MERGE_S))
		broken("KSM does not scan everything within %d s", MERGE_S);
	stop_merging();
}

static void expect_bytes_of(struct story *s, void *addr, enum writer writer, const char *what)
{
	expect(read_page(addr, s->buffer.serial, 0, writer, BY_MEDIUM) == OLD, "%s has other bytes than before", what);
}

SCENARIO(ksm, device_pages_stay_apart, "equal pages on the device are not merged, with each other or with memory, while equal pages of memory are")
{
	struct story *s = &self->story;
	unsigned long first, second;

	device_migrate_to(&s->device, self->twins, 2);
	first = page_at(0, self->twins).pfn;
	second = second_of(self->twins).pfn;
	holds(RULE_ENTRY);
	expect(page_at(0, self->twins).at == COHERENT && second_of(self->twins).at == COHERENT, "the equal pages are not on the device");
	mergeable(self->twins, 2);
	merge_all(self);
	holds(RULE_NOT_MERGED);
	expect(page_at(0, self->twins).pfn == first, "the first page on the device changed its frame");
	expect(second_of(self->twins).pfn == second, "the second page on the device changed its frame");
	expect_bytes_of(s, self->twins, BY_CHILD, "the first page");
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

/* Two equal pages of memory become one, which then goes to the device for both of its users. */
static void merge_and_migrate(FIXTURE_DATA(ksm) (*self))
{
	mergeable(self->twins, 2);
	merge_all(self);
	if (!are_merged(self->twins))
		broken("KSM did not merge two equal pages");
	device_migrate_to(&self->story.device, self->twins, 1);
	holds(RULE_ENTRY);
	expect(page_at(0, self->twins).at == COHERENT, "the merged page is not on the device");
	expect(are_merged(self->twins), "the merged page went to the device for one of its users only");
}

SCENARIO(ksm, merged_page_migrates, "a merged page goes to the device for all its users; who writes it gets a copy, and the others keep it there")
{
	struct story *s = &self->story;
	unsigned long frame;

	merge_and_migrate(self);
	frame = page_at(0, self->twins).pfn;
	write_page(self->twins, s->buffer.serial, 0, BY_OWNER_AGAIN);
	holds(RULE_SHARED_IS_COPIED);
	expect(page_at(0, self->twins).at != COHERENT, "the written page is still on the device");
	holds(RULE_NO_LEAK);
	expect(second_of(self->twins).pfn == frame, "the other user's page moved");
	expect_bytes_of(s, self->twins, BY_OWNER_AGAIN, "the written page");
	expect_bytes_of(s, self->twins + features.page_size, BY_CHILD, "the other user's page");
	device_migrate_back(&s->device, self->twins + features.page_size, 1);
	holds(RULE_BACK);
	expect(second_of(self->twins).at == SYSTEM || second_of(self->twins).at == MOVABLE, "the merged page does not come back");
	expect_bytes_of(s, self->twins + features.page_size, BY_CHILD, "the other user's page");
}

/* KSM over everything again, with something else to merge. */
static void merge_others_again(FIXTURE_DATA(ksm) (*self))
{
	munmap(self->others, 2 * features.page_size);
	self->others = map_twins(&self->story, BY_MEDIUM);
	merge_all(self);
}

/*
 * Who unmaps a page finds its users through KSM's list of them (rmap_walk_ksm()). One that is not in it keeps its mapping while the page is
 * taken away, or a migration entry for ever; this looks at the list only, and leaves the page where it is. See docs/findings.md.
 */
SCENARIO(ksm, users_stay_known, "KSM goes on counting the users of a merged page that is on the device")
{
	need(read_number("/proc/self/ksm_merging_pages") >= 0, "this kernel has no /proc/PID/ksm_merging_pages");
	merge_and_migrate(self);
	merge_others_again(self);
	holds(RULE_NOT_MERGED);
	expect_result("merged pages of this process, as KSM counts them", read_number("/proc/self/ksm_merging_pages"), 4);
	expect(page_at(0, self->twins).at == COHERENT && are_merged(self->twins), "the merged page has moved");
}

/* A process that has an equal page, and nothing to do with the device, must not be moved there. */
SCENARIO(ksm, merging_is_no_way_in, "a page of memory that equals a merged one on the device stays in memory")
{
	unsigned char *third;

	merge_and_migrate(self);
	third = map_twins(&self->story, BY_CHILD);
	munmap(third + features.page_size, features.page_size);
	mergeable(third, 1);
	merge_others_again(self);
	holds(RULE_NOT_MERGED);
	expect_same(page_at(0, third).at == SYSTEM || page_at(0, third).at == MOVABLE, "place of a page that nobody migrated", "in memory",
		    place_name(page_at(0, third).at));
	expect_bytes_of(&self->story, third, BY_CHILD, "the third page");
	munmap(third, features.page_size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ksm", argc, argv);
}
