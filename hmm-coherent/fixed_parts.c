// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of a registered buffer, to the byte: which a transfer can reach, and
 * which bytes it moves
 *
 * The buffer begins and ends inside of pages. The transfers go through a pipe,
 * which takes any number of bytes.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "story/story.h"

#define PAGES 3
#define SOME 100	/* bytes, less than a page */

FIXTURE(fixed_parts)
{
	struct story story;
	unsigned char *begin, *end;	/* of the registered buffer */
	int pipe[2];
};

FIXTURE_VARIANT(fixed_parts)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(fixed_parts, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(fixed_parts, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(fixed_parts)
{
	struct story *s = &self->story;

	story_begin(s, variant->place, false, PAGES);
	story_ring(s);
	if (pipe2(self->pipe, O_CLOEXEC | O_NONBLOCK))
		syscall_failed("pipe2", errno);
	if (fcntl(self->pipe[1], F_SETPIPE_SZ, 2 * PAGES * features.page_size) < 0)
		syscall_failed("F_SETPIPE_SZ", errno);
	self->begin = s->buffer.addr + SOME;
	self->end = s->buffer.addr + s->buffer.size - SOME;
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("registration",
		      ring_register(&s->ring, self->begin, self->end - self->begin), 0);
}

FIXTURE_TEARDOWN(fixed_parts)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
	story_end(&self->story);
}

/* A part of the buffer: the bytes [first, last), counted from its begin or from its end. */
struct part {
	const char *what;
	long first, last;
	bool from_end;
	bool inside;		/* of the registered buffer */
};

static const struct part parts[] = {
	{ .what = "the first byte", .last = 1, .inside = true },
	{ .what = "the last byte", .first = -1, .from_end = true, .inside = true },
	{ .what = "some bytes of the first page", .first = 1, .last = SOME, .inside = true },
	{ .what = "some bytes up to the end", .first = -SOME, .from_end = true, .inside = true },
	{ .what = "bytes that begin before it", .first = -1, .last = SOME },
	{ .what = "bytes that end behind it", .first = -SOME, .last = 1, .from_end = true },
	{ .what = "bytes behind it", .last = 1, .from_end = true },
	{ .what = "bytes up to the end of its page", .first = -SOME, .last = SOME,
	  .from_end = true },
};

static unsigned char *at(FIXTURE_DATA(fixed_parts) (*self), const struct part *part, long offset)
{
	return (part->from_end ? self->end : self->begin) + offset;
}

/* Write the bytes [from, to) into the pipe with WRITE_FIXED, and compare what arrives. */
static void expect_written(FIXTURE_DATA(fixed_parts) (*self), const char *what, unsigned char *from,
			   unsigned char *to, bool inside)
{
	static unsigned char seen[PAGES * 65536];
	const long size = to - from;

	set_rule(RULE_BYTES_ARRIVE);
	expect_result(what, ring_transfer(&self->story.ring, RING_WRITE_FIXED, self->pipe[1], from,
					  size), inside ? size : -EFAULT);
	memset(seen, 0, sizeof(seen));
	expect_result("bytes in the pipe", errno_of(read(self->pipe[0], seen, sizeof(seen))),
		      inside ? size : -EAGAIN);
	expect(!inside || !memcmp(seen, from, size), "other bytes arrive: %s", what);
}

SCENARIO(fixed_parts, written,
	 "WRITE_FIXED moves any part of the buffer, and fails with EFAULT if one byte is outside "
	 "of it")
{
	const size_t page = features.page_size;
	unsigned char *second = self->story.buffer.addr + page;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		expect_written(self, parts[i].what, at(self, &parts[i], parts[i].first),
			       at(self, &parts[i], parts[i].last), parts[i].inside);
	expect_written(self, "all of it", self->begin, self->end, true);
	expect_written(self, "all of its first page", self->begin, second, true);
	expect_written(self, "bytes from its second page on", second, second + SOME, true);
	expect_written(self, "all of its second page", second, second + page, true);
	expect_written(self, "bytes across the first border", second - SOME, second + SOME, true);
	expect_written(self, "bytes across the second border", second + page - SOME,
		       second + page + SOME, true);
	expect_written(self, "all from its third page on", second + page, self->end, true);
}

/*
 * O_DIRECT makes a bio of the pieces of the iterator as they are, where a pipe takes
 * an empty first one for nothing (bio_iov_bvec_set(), iterate_bvec()).
 */
SCENARIO(fixed_parts, written_directly,
	 "WRITE_FIXED with O_DIRECT writes parts that begin at, before and behind the first byte "
	 "of a page")
{
	struct story *s = &self->story;
	static unsigned char seen[PAGES * 65536];
	const size_t page = features.page_size;
	unsigned char *second = s->buffer.addr + page;
	size_t align, i;

	story_medium(s, ON_FILE);
	align = s->medium.align;
	const struct {
		const char *what;
		unsigned char *from;
		size_t size;
	} pieces[] = {
		{ "all of the second page", second, page },
		{ "the begin of the second page", second, align },
		{ "bytes inside of the second page", second + align, align },
		{ "bytes across the first border", second - align, 2 * align },
		{ "bytes across the second border", second + page - align, 2 * align },
		{ "the begin of the third page", second + page, align },
	};

	set_rule(RULE_BYTES_ARRIVE);
	/* With blocks as large as a page, only the first is possible. */
	for (i = 0; i < (align < page ? ARRAY_SIZE(pieces) : 1); i++) {
		const long size = pieces[i].size;

		expect_result(pieces[i].what,
			      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd,
					    pieces[i].from, size), size);
		expect_result("bytes on the medium",
			      errno_of(pread(s->medium.buffered, seen, size, 0)), size);
		expect(!memcmp(seen, pieces[i].from, size), "other bytes arrive: %s",
		       pieces[i].what);
	}
}

/* Read one byte into each of three places, and check that no other byte has changed. */
SCENARIO(fixed_parts, read,
	 "READ_FIXED changes the bytes of its part, and none before or behind it")
{
	struct story *s = &self->story;
	unsigned char *places[] = { self->begin, buffer_page(&s->buffer, 1),
				    buffer_page(&s->buffer, 2) - 1, self->end - 1 };
	unsigned char byte = 0xa5, expected[PAGES * 65536];
	size_t i;

	memcpy(expected, s->buffer.addr, s->buffer.size);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (write(self->pipe[1], &byte, 1) != 1)
			syscall_failed("a write to a pipe", errno);
		set_rule(RULE_BYTES_ARRIVE);
		expect_result("READ_FIXED of a byte",
			      ring_transfer(&s->ring, RING_READ_FIXED, self->pipe[0], places[i], 1),
			      1);
		expected[places[i] - s->buffer.addr] = byte;
		expect(!memcmp(expected, s->buffer.addr, s->buffer.size),
		       "other bytes have changed, at place %zu", i);
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_fixed_parts", argc, argv);
}
