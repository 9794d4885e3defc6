// SPDX-License-Identifier: GPL-2.0
#include "story/story.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "see/dump.h"

bool story_on_device(const struct story *story)
{
	return story->place == PLACE_COHERENT || story->place == PLACE_PRIVATE;
}

struct page story_page(const struct story *story, size_t page)
{
	return page_at(0, buffer_page(&story->buffer, page));
}

void story_remember_frames(struct story *story)
{
	size_t i;

	for (i = 0; i < story->buffer.pages; i++)
		story->frames[i] = story_page(story, i).pfn;
}

/* Check that pagemap and the driver report the same place of a page. */
static void expect_observers_agree(struct story *story, size_t page)
{
	const enum place by_pagemap = story_page(story, page).at;
	const enum place by_driver =
		device_snapshot(&story->device, buffer_page(&story->buffer, page)).at;
	const bool agree = by_pagemap == by_driver ||
			   (in_memory(by_pagemap) && by_driver == PLACE_SYSTEM);

	set_rule(RULE_OBSERVERS_AGREE);
	expect(agree, "page %zu is %s for pagemap, and %s for the driver", page,
	       place_name(by_pagemap), place_name(by_driver));
}

void story_begin(struct story *story, enum place place, bool read_only, size_t pages)
{
	size_t i;

	memset(story, 0, sizeof(*story));
	story->place = place;
	story->read_only = read_only;
	/* The device of pages in memory is the coherent one. */
	if (story_on_device(story))
		device_open(&story->device, place, BUFFER_PAGES_MAX);
	else
		device_open_to_look(&story->device, PLACE_COHERENT, BUFFER_PAGES_MAX);
	buffer_map(&story->buffer, pages, place);
	buffer_write(&story->buffer, 0, pages, BY_OWNER);
	if (story_on_device(story))
		story_migrate_to_device(story);
	if (read_only)
		story_protect(story, 0, pages, PROT_READ);
	for (i = 0; i < pages; i++) {
		const enum place at = story_page(story, i).at;

		if (!story_on_device(story) && in_memory(at) && at != place)
			buffer_in_wrong_zone(&story->buffer, i, at);
		if (story_on_device(story))
			expect_observers_agree(story, i);
		set_rule(RULE_ENTRY);
		expect_at(story, i, place);
		set_rule(RULE_PROTECTION_AS_ASKED);
		expect_mapped(story, i, read_only ? PERM_RO : PERM_RW);
	}
	if (report->failures)
		give_up();
	/* Do not count these checks: a test that checks nothing else is broken (suite.c). */
	report->checks = 0;
	story_remember_frames(story);
}

/* Print the place of each page at the beginning and at the end as JSON (docs/outcomes.md). */
static void record(struct story *story)
{
	char text[2048];
	size_t i, used;

	used = snprintf(text, sizeof(text),
			"{\"v\":1,\"scenario\":\"%s\",\"place\":\"%s\","
			"\"mapping\":\"%s\",\"page\":[",
			report->name, place_name(story->place), story->read_only ? "ro" : "rw");
	for (i = 0; i < story->buffer.pages && used < sizeof(text) - 256; i++) {
		struct page page = story_page(story, i);

		used += snprintf(text + used, sizeof(text) - used,
				 "%s{\"before\":{\"at\":\"%s\",\"pfn\":\"0x%lx\"},"
				 "\"after\":{\"at\":\"%s\",\"pfn\":\"0x%lx\",\"perm\":\"%s\"}}",
				 i ? "," : "", place_name(story->place), story->frames[i],
				 place_name(page.at), page.pfn,
				 permission_name(device_snapshot(&story->device,
								 buffer_page(&story->buffer, i))
							 .permission));
	}
	snprintf(text + used, sizeof(text) - used, "],\"verdict\":\"%s\"}",
		 report->failures ? "fail" : "pass");
	report_raw("outcome", text);
}

void story_end(struct story *story)
{
	if (report->finished && !report->skipped)
		record(story);
	child_leave(&story->child);
	child_leave(&story->second_child);
	story_let_go(story);
	story_dma_lands(story);
	if (story->has_ring)
		ring_close(&story->ring);
	if (story->has_medium)
		medium_close(&story->medium);
	buffer_unmap(&story->buffer);
	device_leave(&story->device);
}

void story_ring(struct story *story)
{
	need(ring_available(), SKIP_NO_IO_URING);
	ring_open(&story->ring);
	story->has_ring = true;
}

void story_medium(struct story *story, enum medium_kind kind)
{
	if (kind == ON_SLOW && getenv("HMM_COHERENT_SLOW"))
		dm_resume_left(getenv("HMM_COHERENT_SLOW"));
	medium_need(&story->medium, kind);
	story->has_medium = true;
	medium_write(&story->medium, story->buffer.serial, story->buffer.pages, BY_MEDIUM);
	if (kind == ON_SLOW)
		dm_suspend(&story->suspension, getenv("HMM_COHERENT_SLOW"));
}

void story_dma_lands(struct story *story)
{
	dm_resume(&story->suspension);
}

void story_hold(struct story *story, size_t page)
{
	story_hold_at(story, buffer_page(&story->buffer, page));
}

void story_hold_at(struct story *story, void *addr)
{
	struct iovec iov = { addr, features.page_size };
	const int rule = report->rule;
	ssize_t got;

	if (pipe2(story->holding, O_CLOEXEC))
		syscall_failed("pipe", errno);
	story->reference_held = true;
	got = vmsplice(story->holding[1], &iov, 1, 0);
	if (got < 0)
		syscall_failed("vmsplice", errno);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(got == (ssize_t)features.page_size, "vmsplice takes %zd bytes of a page", got);
	report->rule = rule;
}

void story_let_go(struct story *story)
{
	if (!story->reference_held)
		return;
	close(story->holding[0]);
	close(story->holding[1]);
	story->reference_held = false;
}

void story_protect(struct story *story, size_t first, size_t count, int prot)
{
	if (mprotect(buffer_page(&story->buffer, first), count * features.page_size, prot))
		syscall_failed("mprotect", errno);
}

void story_migrate_to_device(struct story *story)
{
	device_move_to(&story->device, story->buffer.addr, story->buffer.pages);
}

void story_migrate_back(struct story *story)
{
	device_move_back(&story->device, story->buffer.addr, story->buffer.pages);
}

void story_make_writable(struct story *story)
{
	const int rule = report->rule;
	size_t i;

	if (!story->read_only)
		return;
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	for (i = 0; i < story->buffer.pages; i++) {
		struct page before = story_page(story, i);

		expect_result("a write through the read-only mapping",
			      cpu_write(&story->buffer, i, 1, BY_OWNER_AGAIN), KILLED_BY(SIGSEGV));
		expect(story_page(story, i).pfn == before.pfn,
		       "page %zu has another page frame after a write that failed", i);
	}
	story_protect(story, 0, story->buffer.pages, PROT_READ | PROT_WRITE);
	report->rule = rule;
}

void story_write(struct story *story, size_t page)
{
	expect_result("the owner's write", cpu_write(&story->buffer, page, 1, BY_OWNER_AGAIN),
		      features.page_size);
}

static void expect_text(bool ok, size_t page, const char *what, const char *expected,
			const char *seen)
{
	char text[80];

	if (expect_passes(ok))
		return;
	snprintf(text, sizeof(text), "page %zu %s", page, what);
	expect_same(false, text, expected, seen);
}

void expect_place(size_t page, enum place seen, enum place expected)
{
	expect_text(seen == expected, page, "place", place_name(expected), place_name(seen));
}

void expect_at(struct story *story, size_t page, enum place place)
{
	expect_place(page, story_page(story, page).at, place);
}

static void expect_frame(unsigned long seen, unsigned long began, size_t page, bool same,
			 const char *whose)
{
	const bool ok = same == (seen == began);
	char expected[64], text[64];

	if (expect_passes(ok))
		return;
	snprintf(expected, sizeof(expected), "%s 0x%lx", same ? "still" : "another than", began);
	snprintf(text, sizeof(text), "0x%lx", seen);
	expect_text(false, page, whose, expected, text);
}

void expect_same_frame(struct story *story, size_t page)
{
	expect_frame(story_page(story, page).pfn, story->frames[page], page, true, "page frame");
}

void expect_other_frame(struct story *story, size_t page)
{
	expect_frame(story_page(story, page).pfn, story->frames[page], page, false, "page frame");
}

void expect_mapped(struct story *story, size_t page, enum permission permission)
{
	enum permission seen =
		device_snapshot(&story->device, buffer_page(&story->buffer, page)).permission;

	expect_text(seen == permission, page, "permission", permission_name(permission),
		    permission_name(seen));
}

void expect_exclusive(struct story *story, size_t page, bool exclusive)
{
	const int rule = report->rule;
	struct page_dump dump = page_dump_checked(buffer_page(&story->buffer, page));

	report->rule = rule;
	/* Without gup_test this cannot be checked; the other checks do not depend on it. */
	if (dump.valid)
		expect_text(dump.exclusive == exclusive, page, "exclusivity",
			    exclusive ? "exclusive" : "not exclusive",
			    dump.exclusive ? "exclusive" : "not exclusive");
}

void expect_counted(struct story *story, size_t page, int references, int mappings)
{
	const int rule = report->rule;
	struct page_dump dump = page_dump_checked(buffer_page(&story->buffer, page));
	char expected[64], seen[64];

	report->rule = rule;
	if (dump.state == DUMP_NOT_ASKED)
		need(features.gup_test, SKIP_NO_GUP_TEST);
	snprintf(expected, sizeof(expected), "refcount %d mapcount %d", references, mappings);
	snprintf(seen, sizeof(seen), "refcount %d mapcount %d", dump.refcount, dump.mapcount);
	expect_text(dump.refcount == references && dump.mapcount == mappings, page, "counts",
		    expected, seen);
}

void expect_stays(struct story *story, size_t page)
{
	expect_at(story, page, story->place);
	expect_same_frame(story, page);
}

void expect_copied(struct story *story, size_t page)
{
	expect_at(story, page, story->place == PLACE_MOVABLE ? PLACE_MOVABLE : PLACE_SYSTEM);
	expect_other_frame(story, page);
}

static void expect_written(const void *bytes, struct story *story, size_t page,
			   enum writer writer, const char *what)
{
	expect_bytes(bytes, story->buffer.serial, page, writer, what);
}

/* A page for copies. It is not on the stack, which may be too small for 64K pages. */
static void *copy_page(void)
{
	static unsigned char copy[65536] __aligned(65536);

	return copy;
}

void expect_owner_sees(struct story *story, size_t page, enum writer writer)
{
	if (cpu_read(&story->buffer, page, 1, copy_page()) < 0)
		expect(false, "the owner cannot read page %zu", page);
	else
		expect_written(copy_page(), story, page, writer, "bytes that the owner sees");
}

void expect_child_sees(struct story *story, struct child *child, size_t page, enum writer writer)
{
	if (child_read(child, &story->buffer, page, 1, copy_page()) < 0)
		expect(false, "the child cannot read page %zu", page);
	else
		expect_written(copy_page(), story, page, writer, "bytes that the child sees");
}

void expect_holder_sees(struct story *story, size_t page, enum writer writer)
{
	if (read(story->holding[0], copy_page(), features.page_size) != (ssize_t)features.page_size)
		expect(false, "the holder of the reference cannot read page %zu", page);
	else
		expect_written(copy_page(), story, page, writer,
			       "bytes that the holder of the reference sees");
	story_let_go(story);
}

void expect_medium_has(struct story *story, size_t page, enum writer writer)
{
	struct medium *medium = &story->medium;

	/*
	 * Check the bytes on the device, and those that a read through the page
	 * cache returns.
	 */
	medium_look(medium, story->buffer.serial, page, writer, writer);
	expect_written(medium->bounce, story, page, writer,
		       "bytes on the medium, read with O_DIRECT");
	medium_look_buffered(medium, story->buffer.serial, page, writer, writer);
	expect_written(medium->bounce, story, page, writer,
		       "bytes on the medium, read through the page cache");
}

void expect_child_keeps_frame(struct story *story, struct child *child, size_t page)
{
	struct page seen = page_at(child->pid, buffer_page(&story->buffer, page));

	expect_frame(seen.pfn, story->frames[page], page, true, "page frame of the child");
}

void expect_child_has_other_frame(struct story *story, struct child *child, size_t page,
				  enum place place)
{
	struct page seen = page_at(child->pid, buffer_page(&story->buffer, page));

	expect_frame(seen.pfn, story->frames[page], page, false, "page frame of the child");
	expect_text(seen.at == place, page, "place for the child", place_name(place),
		    place_name(seen.at));
}
