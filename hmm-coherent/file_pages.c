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
#include "file_pages.h"

#include <signal.h>

#include "reach/swap.h"

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

WHY_NOT(file_pages)
{
	return strcmp(test, "swapped_and_truncated") || variant->place == PLACE_SYSTEM ?
		       NULL : "a page on a device is not swapped out";
}

/* zap_nonpresent_ptes() asks for each kind of entry whether it is a copy's. */
SCENARIO(file_pages, swapped_and_truncated,
	 "ftruncate() removes the private copies behind the new end also from swap, and a read "
	 "there gets SIGBUS; the copies before it come back with their bytes")
{
	struct story *s = &self->story;
	size_t i;

	swap_on();
	drain_lru_batches();
	advise_memory(s->buffer.addr, COPIES * features.page_size, MADV_PAGEOUT);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(pages_at(s->buffer.addr, COPIES, PLACE_SWAPPED) == COPIES,
	     "MADV_PAGEOUT does not swap out the private copies");
	truncate_to(s, features.page_size + CUT);
	set_rule(RULE_END_OF_FILE);
	expect_at(s, 2, PLACE_NOWHERE);
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
