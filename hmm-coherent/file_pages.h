/* SPDX-License-Identifier: GPL-2.0 */
/*
 * file_pages.h - fixture of the programs file_pages and file_copies: a private
 * mapping of a file, with copies on a device and one page of the file
 */
#ifndef HMM_COHERENT_FIXTURE_FILE_PAGES_H
#define HMM_COHERENT_FIXTURE_FILE_PAGES_H

#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/cpu.h"
#include "reach/next_frames.h"
#include "story/nodes.h"

#define PAGES 4
/* Pages [0, COPIES) are copies, the last page is one of the file. */
#define COPIES 3
/* The file is truncated to page 1; this number of bytes of it stays. */
#define CUT 512

FIXTURE(file_pages)
{
	struct story story;
};

FIXTURE_VARIANT(file_pages)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(file_pages, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(file_pages, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(file_pages, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(file_pages, private_ro) { .place = PLACE_PRIVATE, .read_only = true };
FIXTURE_VARIANT_ADD(file_pages, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(file_pages, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

/* Map the file over the anonymous memory of the buffer, with the same memory policy. */
static void map_file(struct story *s)
{
	void *addr = mmap(s->buffer.addr, s->buffer.size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_FIXED, s->medium.buffered, 0);

	if (addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	if (s->buffer.node >= 0)
		bind_buffer(s, s->buffer.node);
}

FIXTURE_SETUP(file_pages)
{
	struct story *s = &self->story;
	size_t i;

	story_begin(s, variant->place, false, PAGES);
	story_medium(s, ON_FILE);
	map_file(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_owner_sees(s, COPIES, BY_MEDIUM);
	set_rule(RULE_ENTRY);
	buffer_write(&s->buffer, 0, COPIES, BY_OWNER);
	if (story_on_device(s))
		story_migrate_to_device(s);
	if (variant->read_only) {
		story_protect(s, 0, PAGES, PROT_READ);
		s->read_only = true;
	}
	for (i = 0; i < COPIES; i++) {
		expect_at(s, i, variant->place);
		expect_mapped(s, i, variant->read_only ? PERM_RO : PERM_RW);
	}
	set_rule(RULE_ONLY_ANONYMOUS);
	expect(in_memory(story_page(s, COPIES).at),
	       "the file's page is not in memory");
	if (report->failures)
		give_up();
	story_remember_frames(s);
}

FIXTURE_TEARDOWN(file_pages)
{
	story_end(&self->story);
}

/*
 * Check that pages [first, COPIES) are unmapped, and that the device gets back
 * their frames, once, and no others.
 */
static void __maybe_unused expect_given_back(struct story *s, size_t first)
{
	struct buffer next;
	size_t i, times;

	set_rule(RULE_FREED_TO_DRIVER);
	for (i = first; i < COPIES; i++)
		expect_at(s, i, PLACE_NOWHERE);
	if (!story_on_device(s))
		return;
	next_frames_take(&next, COPIES, &s->device, s->place);
	for (i = 0; i < COPIES; i++) {
		times = next_frames_count(&next, s->frames[i]);
		expect(times == (i >= first),
		       "page %zu: its frame 0x%lx is handed out %zu times, not %d", i,
		       s->frames[i], times, i >= first);
	}
	next_frames_return(&next);
}

static void __maybe_unused expect_copies_stay(struct story *s, size_t count)
{
	size_t i;

	set_rule(RULE_PRIVATE_COPY_STAYS);
	for (i = 0; i < count; i++) {
		expect_stays(s, i);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
	}
}

/* A read migrates a page back from a private device, so this must be the last check. */
static void __maybe_unused expect_copies_have(struct story *s, size_t count)
{
	size_t i;

	set_rule(RULE_PRIVATE_COPY_STAYS);
	for (i = 0; i < count; i++)
		expect_owner_sees(s, i, BY_OWNER);
}

static void __maybe_unused truncate_to(struct story *s, size_t size)
{
	if (ftruncate(s->medium.buffered, size))
		syscall_failed("ftruncate", errno);
}

#endif
