// SPDX-License-Identifier: GPL-2.0
/*
 * Private copies of a file's pages on a device
 *
 * A private mapping of a file has two kinds of pages: those of the file, which
 * are in the page cache and never migrate, and anonymous copies of those that
 * were written, which may be on a device. Truncation and hole punching of the
 * file must have the same effect on the copies as in memory
 * (unmap_mapping_range()).
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
	expect(in_memory(page_at(0, buffer_page(&s->buffer, COPIES)).at),
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
static void expect_given_back(struct story *s, size_t first)
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

static void expect_copies_stay(struct story *s, size_t count)
{
	size_t i;

	set_rule(RULE_PRIVATE_COPY_STAYS);
	for (i = 0; i < count; i++) {
		expect_stays(s, i);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
	}
}

/* A read migrates a page back from a private device, so this must be the last check. */
static void expect_copies_have(struct story *s, size_t count)
{
	size_t i;

	set_rule(RULE_PRIVATE_COPY_STAYS);
	for (i = 0; i < count; i++)
		expect_owner_sees(s, i, BY_OWNER);
}

static void truncate_to(struct story *s, size_t size)
{
	if (ftruncate(s->medium.buffered, size))
		syscall_failed("ftruncate", errno);
}

SCENARIO(file_pages, truncated,
	 "ftruncate() unmaps the private copies behind the new end, and a read there gets SIGBUS; "
	 "the copies before it stay")
{
	struct story *s = &self->story;
	size_t i;

	truncate_to(s, features.page_size + CUT);
	expect_copies_stay(s, 2);
	expect_given_back(s, 2);
	set_rule(RULE_END_OF_FILE);
	for (i = 2; i < PAGES; i++)
		expect_result("a read behind the end of the file",
			      cpu_read(&s->buffer, i, 1, NULL), KILLED_BY(SIGBUS));
	expect_copies_have(s, 2);
}

SCENARIO(file_pages, grown_again,
	 "a file that is truncated and extended again is zero behind the cut; a private copy of "
	 "the page that was cut keeps its bytes")
{
	struct story *s = &self->story;
	unsigned char *page = s->medium.bounce;
	size_t i, dirty = 0;

	truncate_to(s, features.page_size + CUT);
	truncate_to(s, PAGES * features.page_size);
	expect_copies_stay(s, 2);
	set_rule(RULE_END_OF_FILE);
	for (i = 2; i < PAGES; i++) {
		expect_result("a read behind the cut", cpu_read(&s->buffer, i, 1, page),
			      features.page_size);
		expect_zeros(page, "a page behind the cut");
	}
	expect_result("a read of the file",
		      pread(s->medium.buffered, page, features.page_size, features.page_size),
		      features.page_size);
	for (i = CUT; i < features.page_size; i++)
		dirty += page[i] != 0;
	expect_result("number of bytes behind the cut that are not zero", dirty, 0);
	expect_copies_have(s, 2);
}

SCENARIO(file_pages, hole_punched,
	 "punching a hole into the file removes the file's pages and leaves the private copies")
{
	struct story *s = &self->story;

	if (fallocate(s->medium.buffered, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      PAGES * features.page_size))
		syscall_failed("fallocate", errno);
	expect_copies_stay(s, COPIES);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_result("a read of the file's page",
		      cpu_read(&s->buffer, COPIES, 1, s->medium.bounce), features.page_size);
	expect_zeros(s->medium.bounce, "the file's page");
	expect_copies_have(s, COPIES);
}

SCENARIO(file_pages, dontneed,
	 "MADV_DONTNEED frees the private copies, and the mapping shows the file again")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("madvise", errno_of(madvise(s->buffer.addr, s->buffer.size, MADV_DONTNEED)),
		      0);
	expect_given_back(s, 0);
	set_rule(RULE_NO_LEAK);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_MEDIUM);
}

SCENARIO(file_pages, synced, "msync() and fsync() do not write private copies to the file")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("msync", errno_of(msync(s->buffer.addr, s->buffer.size, MS_SYNC)), 0);
	expect_result("fsync", errno_of(fsync(s->medium.buffered)), 0);
	expect_copies_stay(s, COPIES);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_medium_has(s, i, BY_MEDIUM);
	expect_copies_have(s, COPIES);
}

SCENARIO(file_pages, unmapped, "munmap() frees the private copies and does not change the file")
{
	struct story *s = &self->story;
	size_t i;

	unmap_memory(s->buffer.addr, s->buffer.size);
	expect_given_back(s, 0);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_medium_has(s, i, BY_MEDIUM);
}

SCENARIO(file_pages, file_written,
	 "a write to the file changes a private mapping only where it has no private copy")
{
	struct story *s = &self->story;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		write_page(s->medium.bounce, s->buffer.serial, i, BY_OTHER);
		expect_result("a write to the file",
			      pwrite(s->medium.buffered, s->medium.bounce, features.page_size,
				     i * features.page_size),
			      features.page_size);
	}
	expect_copies_stay(s, COPIES);
	expect_copies_have(s, COPIES);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_owner_sees(s, COPIES, BY_OTHER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_file_pages", argc, argv);
}
