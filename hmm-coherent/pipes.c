// SPDX-License-Identifier: GPL-2.0
/*
 * Pages in pipes: those of a process, of a file and of another pipe. What is
 * written to a pipe must not change them, and what is read of it is what was put
 * in (S2, S7)
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "story/story.h"

#define PAGES 3
#define SOME 100		/* bytes, less than a page */

FIXTURE(pipes)
{
	struct story story;
	int first[2], second[2];	/* two pipes */
};

FIXTURE_VARIANT(pipes)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(pipes, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(pipes, system) { .place = PLACE_SYSTEM };

static void open_pipe(int *ends)
{
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) ||
	    fcntl(ends[1], F_SETPIPE_SZ, 2 * PAGES * features.page_size) < 0)
		syscall_failed("pipe2", errno);
}

FIXTURE_SETUP(pipes)
{
	story_begin(&self->story, variant->place, false, PAGES);
	open_pipe(self->first);
	open_pipe(self->second);
}

FIXTURE_TEARDOWN(pipes)
{
	close(self->first[0]);
	close(self->first[1]);
	close(self->second[0]);
	close(self->second[1]);
	story_end(&self->story);
}

static void put(const int *ends, const void *bytes, size_t size)
{
	expect_result("a write to the pipe", errno_of(write(ends[1], bytes, size)), size);
}

/* The pipe has the @size bytes @expected, and no more if @last. */
static void expect_in(const int *ends, const void *expected, size_t size, const char *what,
		      bool last)
{
	static unsigned char bytes[2 * PAGES * 65536];

	expect_result(what, errno_of(read(ends[0], bytes, size)), size);
	expect(!memcmp(bytes, expected, size), "other bytes: %s", what);
	if (last)
		expect_result("a read of the empty pipe", errno_of(read(ends[0], bytes, 1)),
			      -EAGAIN);
}

SCENARIO(pipes, of_the_process,
	 "bytes that are written to a pipe behind a page of the process do not go into that page; "
	 "the pipe has both, and the page its place")
{
	struct story *s = &self->story;
	struct iovec part = { s->buffer.addr, SOME };
	unsigned char more[SOME];

	memset(more, 0xa5, sizeof(more));
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("vmsplice", errno_of(vmsplice(self->first[1], &part, 1, 0)), SOME);
	put(self->first, more, SOME);
	set_rule(RULE_PIPE_KEEPS);
	expect_owner_sees(s, 0, BY_OWNER);
	set_rule(RULE_BYTES_ARRIVE);
	expect_in(self->first, s->buffer.addr, SOME, "bytes of the page", false);
	expect_in(self->first, more, SOME, "bytes behind it", true);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, 0);
}

SCENARIO(pipes, of_a_file,
	 "bytes that are written to a pipe behind a page of the page cache do not go into the file")
{
	struct story *s = &self->story;
	unsigned char more[SOME];
	loff_t at = 0;

	memset(more, 0xa5, sizeof(more));
	story_medium(s, ON_FILE);
	medium_write(&s->medium, s->buffer.serial, PAGES, BY_MEDIUM);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("splice of a part of a page",
		      errno_of(splice(s->medium.buffered, &at, self->first[1], NULL, SOME, 0)),
		      SOME);
	expect_result("the offset afterwards", at, SOME);
	put(self->first, more, SOME);
	set_rule(RULE_PIPE_KEEPS);
	expect(medium_look_buffered(&s->medium, s->buffer.serial, 0, BY_MEDIUM, BY_MEDIUM) ==
	       DATA_OLD, "the page cache has other bytes");
	set_rule(RULE_BYTES_ARRIVE);
	/* medium.bounce has page 0 of the file. */
	expect_in(self->first, s->medium.bounce, SOME, "bytes of the file", false);
	expect_in(self->first, more, SOME, "bytes behind them", true);
}

SCENARIO(pipes, of_a_direct_read,
	 "splice() of a file with O_DIRECT across its end brings the bytes before the end, and at "
	 "the end none")
{
	struct story *s = &self->story;
	const size_t size = features.page_size + SOME;
	static unsigned char expected[2 * 65536] __aligned(8);
	long got, total = 0;
	loff_t at = 0;

	story_medium(s, ON_FILE);
	medium_write(&s->medium, s->buffer.serial, PAGES, BY_MEDIUM);
	if (ftruncate(s->medium.fd, size))
		syscall_failed("ftruncate", errno);
	write_page(expected, s->buffer.serial, 0, BY_MEDIUM);
	write_page(expected + features.page_size, s->buffer.serial, 1, BY_MEDIUM);
	set_rule(RULE_BYTES_ARRIVE);
	/* It may be short: copy_splice_read() takes as many pages as alloc_pages_bulk() gives. */
	do {
		got = errno_of(splice(s->medium.fd, &at, self->first[1], NULL,
				      PAGES * features.page_size, 0));
		total += got > 0 ? got : 0;
	} while (got > 0);
	expect_result("splice at the end", got, 0);
	expect_result("bytes in front of it", total, size);
	expect_result("the offset afterwards", at, size);
	expect_in(self->first, expected, size, "bytes of the file", true);
}

SCENARIO(pipes, of_another_pipe,
	 "after tee(), two pipes have the same page: what is written to one of them is not seen in "
	 "the other, nor in the page of the process")
{
	struct story *s = &self->story;
	static const char common[] = "both", one[] = "first", other[] = "second";
	struct iovec part = { s->buffer.addr, SOME };

	set_rule(RULE_PIPE_KEEPS);
	put(self->first, common, sizeof(common));
	expect_result("tee", errno_of(tee(self->first[0], self->second[1], sizeof(common), 0)),
		      sizeof(common));
	put(self->second, other, sizeof(other));
	put(self->first, one, sizeof(one));
	expect_in(self->second, common, sizeof(common), "bytes that tee() brought", false);
	expect_in(self->second, other, sizeof(other), "bytes of the second pipe", true);
	expect_in(self->first, common, sizeof(common), "bytes before tee()", false);
	expect_in(self->first, one, sizeof(one), "bytes of the first pipe", true);
	expect_result("vmsplice", errno_of(vmsplice(self->first[1], &part, 1, 0)), SOME);
	expect_result("tee", errno_of(tee(self->first[0], self->second[1], SOME, 0)), SOME);
	put(self->second, other, sizeof(other));
	expect_owner_sees(s, 0, BY_OWNER);
	expect_in(self->second, s->buffer.addr, SOME, "bytes of the page", false);
	expect_in(self->second, other, sizeof(other), "bytes of the second pipe", true);
	expect_in(self->first, s->buffer.addr, SOME, "bytes of the page", true);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_pipes", argc, argv);
}
