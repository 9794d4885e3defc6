// SPDX-License-Identifier: GPL-2.0
/*
 * O_DIRECT as ordinary programs use it: buffers that start and end inside of a
 * page, vectors of memory, device pages and holes, AIO, the flags of
 * pwritev2(), lengths that are no blocks
 *
 * A program does not know where its pages are. The same call must have the same
 * result, and must reach the same bytes, wherever they are.
 */
#include "suite/harness.h"

#include <errno.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ordinary.h"

#define PAGES 4
#define WAIT_S 20

FIXTURE(ordinary)
{
	struct story story;
	long page;		/* bytes */
	aio_context_t aio;	/* 0: none */
};

FIXTURE_VARIANT(ordinary)
{
	enum place place;
	bool read_only;
	enum medium_kind medium;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(ordinary, name) { __VA_ARGS__ }
VARIANT(coherent_rw_file, .place = PLACE_COHERENT, .medium = ON_FILE);
VARIANT(coherent_ro_file, .place = PLACE_COHERENT, .read_only = true, .medium = ON_FILE);
VARIANT(coherent_rw_raw, .place = PLACE_COHERENT, .medium = ON_RAW);
VARIANT(coherent_ro_raw, .place = PLACE_COHERENT, .read_only = true, .medium = ON_RAW);
VARIANT(private_rw_file, .place = PLACE_PRIVATE, .medium = ON_FILE);
VARIANT(private_ro_raw, .place = PLACE_PRIVATE, .read_only = true, .medium = ON_RAW);
VARIANT(system_rw_file, .place = PLACE_SYSTEM, .medium = ON_FILE);
VARIANT(system_ro_raw, .place = PLACE_SYSTEM, .read_only = true, .medium = ON_RAW);
VARIANT(coherent_rw_raw_4k, .place = PLACE_COHERENT, .medium = ON_RAW_4K);
VARIANT(coherent_ro_raw_4k, .place = PLACE_COHERENT, .read_only = true, .medium = ON_RAW_4K);
VARIANT(coherent_rw_xfs, .place = PLACE_COHERENT, .medium = ON_XFS);
VARIANT(coherent_ro_xfs, .place = PLACE_COHERENT, .read_only = true, .medium = ON_XFS);
VARIANT(private_rw_xfs, .place = PLACE_PRIVATE, .medium = ON_XFS);
VARIANT(system_rw_xfs, .place = PLACE_SYSTEM, .medium = ON_XFS);
VARIANT(coherent_rw_btrfs, .place = PLACE_COHERENT, .medium = ON_BTRFS);
VARIANT(coherent_ro_btrfs, .place = PLACE_COHERENT, .read_only = true, .medium = ON_BTRFS);
VARIANT(private_ro_btrfs, .place = PLACE_PRIVATE, .read_only = true, .medium = ON_BTRFS);
VARIANT(system_rw_btrfs, .place = PLACE_SYSTEM, .medium = ON_BTRFS);

WHY_NOT(ordinary)
{
	if (!strcmp(test, "appended") && !medium_is_file(variant->medium))
		return "a block device has a fixed size";
	if (!strcmp(test, "no_block") && variant->medium == ON_BTRFS)
		return "btrfs transfers parts of blocks through the page cache";
	return medium_why_not(variant->medium);
}

FIXTURE_SETUP(ordinary)
{
	self->page = features.page_size;
	self->aio = 0;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	story_medium(&self->story, variant->medium);
	medium_write(&self->story.medium, self->story.buffer.serial, BUFFER_PAGES_MAX, BY_MEDIUM);
}

FIXTURE_TEARDOWN(ordinary)
{
	if (self->aio)
		syscall(SYS_io_destroy, self->aio);
	story_end(&self->story);
}

/* Bytes from the start of a page at which a transfer may start and end. */
static long inside(struct story *s)
{
	return s->medium.align < features.page_size ? s->medium.align : 0;
}

SCENARIO(ordinary, read_inside_pages,
	 "a read to a buffer that starts and ends inside of pages changes these bytes and no "
	 "others of the pages")
{
	struct story *s = &self->story;
	const long at = inside(s), size = 2 * self->page;
	unsigned char *old = patterns(s, PAGES, BY_OWNER), *new = patterns(s, 2, BY_MEDIUM);

	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("an O_DIRECT read",
		      errno_of(pread(s->medium.fd, s->buffer.addr + at, size, 0)),
		      s->read_only ? -EFAULT : size);
	if (!s->read_only)
		expect_used(s, 0, at ? 3 : 2);
	set_rule(RULE_BYTES_ARRIVE);
	if (!s->read_only)
		memcpy(old + at, new, size);
	expect_equal(s->buffer.addr, old, s->buffer.size, "the buffer");
}

SCENARIO(ordinary, write_inside_pages,
	 "a write from a buffer that starts and ends inside of pages writes these bytes and no "
	 "others")
{
	struct story *s = &self->story;
	const long at = inside(s), size = 2 * self->page;
	unsigned char *old = patterns(s, PAGES, BY_OWNER), *on = patterns(s, PAGES, BY_MEDIUM);

	set_rule(RULE_BYTES_ARRIVE);
	expect_result("an O_DIRECT write",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr + at, size, self->page)), size);
	expect_used(s, 0, at ? 3 : 2);
	set_rule(RULE_BYTES_ARRIVE);
	memcpy(on + self->page, old + at, size);
	expect_result("a read through the page cache",
		      errno_of(pread(s->medium.buffered, s->medium.bounce, PAGES * self->page, 0)),
		      PAGES * self->page);
	expect_equal(s->medium.bounce, on, PAGES * self->page, "the medium");
}

/* A vector of a page of memory, one on the device, a hole, and another on the device. */
static void mix(struct story *s, unsigned char *memory, struct iovec *iov)
{
	unsigned char *const parts[PAGES] = { memory, buffer_page(&s->buffer, 0),
					      memory + features.page_size,
					      buffer_page(&s->buffer, 1) };
	size_t i;

	write_page(memory, s->buffer.serial, 0, BY_OTHER);
	advise_memory(memory + features.page_size, features.page_size, MADV_DONTNEED);
	for (i = 0; i < PAGES; i++)
		iov[i] = (struct iovec){ parts[i], features.page_size };
}

SCENARIO(ordinary, read_to_mixture,
	 "preadv() to memory, a device page, a hole and another device page fills all; if the "
	 "device pages are read-only, it stops before the first of them")
{
	struct story *s = &self->story;
	unsigned char *memory = map_memory(2 * self->page, PROT_READ | PROT_WRITE);
	struct iovec iov[PAGES];
	long got;
	size_t i;

	mix(s, memory, iov);
	got = errno_of(preadv(s->medium.fd, iov, PAGES, 0));
	set_rule(s->read_only ? RULE_PARTIAL_TRANSFER : RULE_BYTES_ARRIVE);
	if (s->read_only) {
		expect(got == -EFAULT || (got > 0 && got <= self->page),
		       "the read returns %ld, not EFAULT or at most one page", got);
		expect_owner_sees(s, 0, BY_OWNER);
		return;
	}
	expect_result("an O_DIRECT read", got, PAGES * self->page);
	expect_used(s, 0, 2);
	set_rule(RULE_BYTES_ARRIVE);
	for (i = 0; i < PAGES; i++)
		expect_bytes(iov[i].iov_base, s->buffer.serial, i, BY_MEDIUM,
			     "bytes of a part of the vector");
	expect(in_memory(page_at(0, memory + self->page).at), "the page of the hole is %s",
	       place_name(page_at(0, memory + self->page).at));
}

SCENARIO(ordinary, write_from_mixture,
	 "pwritev() from memory, a device page, a hole and another device page writes all, and "
	 "zeros for the hole")
{
	struct story *s = &self->story;
	unsigned char *memory = map_memory(2 * self->page, PROT_READ | PROT_WRITE), *on;
	struct iovec iov[PAGES];

	mix(s, memory, iov);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("an O_DIRECT write", errno_of(pwritev(s->medium.fd, iov, PAGES, 0)),
		      PAGES * self->page);
	expect_used(s, 0, 2);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a read through the page cache",
		      errno_of(pread(s->medium.buffered, s->medium.bounce, PAGES * self->page, 0)),
		      PAGES * self->page);
	on = s->medium.bounce;
	expect_bytes(on, s->buffer.serial, 0, BY_OTHER, "bytes from memory");
	expect_bytes(on + self->page, s->buffer.serial, 0, BY_OWNER, "bytes from page 0");
	expect_zeros(on + 2 * self->page, "the part of the hole");
	expect_bytes(on + 3 * self->page, s->buffer.serial, 1, BY_OWNER, "bytes from page 1");
}

/* Submit @count requests of AIO, and wait for all. The results are in the order of the requests. */
static void aio_run(FIXTURE_DATA(ordinary) (*self), struct iocb *requests, size_t count,
		    long *results)
{
	struct timespec limit = { .tv_sec = WAIT_S };
	struct iocb *submitted[2];
	struct io_event events[2];
	size_t i;

	if (syscall(SYS_io_setup, 2, &self->aio))
		syscall_failed("io_setup", errno);
	for (i = 0; i < count; i++) {
		requests[i].aio_data = i;
		submitted[i] = &requests[i];
	}
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(syscall(SYS_io_submit, self->aio, count, submitted) == (long)count,
	     "io_submit: %s", strerror(errno));
	must(syscall(SYS_io_getevents, self->aio, count, count, events, &limit) == (long)count,
	     "io_getevents: %s, or it is not done after %d s", strerror(errno), WAIT_S);
	for (i = 0; i < count; i++)
		results[events[i].data] = events[i].res;
}

SCENARIO(ordinary, by_aio,
	 "a read and a write that io_submit() starts at the same time transfer their bytes, and do "
	 "not change the file's position; a read to read-only pages fails")
{
	struct story *s = &self->story;
	const long size = 2 * self->page;
	struct iocb requests[2] = {
		{ .aio_fildes = s->medium.fd, .aio_lio_opcode = IOCB_CMD_PREAD,
		  .aio_buf = (uintptr_t)s->buffer.addr, .aio_nbytes = size },
		{ .aio_fildes = s->medium.fd, .aio_lio_opcode = IOCB_CMD_PWRITE,
		  .aio_buf = (uintptr_t)buffer_page(&s->buffer, 2), .aio_nbytes = size,
		  .aio_offset = size },
	};
	long results[2];
	size_t i;

	aio_run(self, requests, 2, results);
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("the read", results[0], s->read_only ? -EFAULT : size);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("the write", results[1], size);
	expect_used(s, 2, 2);
	for (i = 0; i < PAGES; i++) {
		set_rule(RULE_BYTES_ARRIVE);
		expect_owner_sees(s, i, i < 2 && !s->read_only ? BY_MEDIUM : BY_OWNER);
		expect_medium_has(s, i, i < 2 ? BY_MEDIUM : BY_OWNER);
	}
	set_rule(RULE_POSITION_FOLLOWS);
	expect_result("the position", errno_of(lseek(s->medium.fd, 0, SEEK_CUR)), 0);
}

/* RWF_* of pwritev2(); the numbers are those of linux/fs.h, whose names are as late as 6.14. */
static const struct flag {
	const char *name;
	int number;
} flags[] = {
	{ "RWF_HIPRI", 0x01 },	  { "RWF_DSYNC", 0x02 },  { "RWF_SYNC", 0x04 },
	{ "RWF_NOWAIT", 0x08 },	  { "RWF_NOAPPEND", 0x20 }, { "RWF_ATOMIC", 0x40 },
	{ "RWF_DONTCACHE", 0x80 },
};

/* Reasons to refuse a write: the flag is unknown, is not supported, or the write would wait. */
static bool is_refusal(long result)
{
	return result == -EOPNOTSUPP || result == -EINVAL || result == -EAGAIN;
}

SCENARIO(ordinary, with_flags,
	 "pwritev2() with each of the RWF_* flags writes all bytes or refuses and writes none, and "
	 "leaves the pages in place")
{
	struct story *s = &self->story;
	unsigned char *on = s->medium.bounce;
	bool done[ARRAY_SIZE(flags)];
	struct iovec iov;
	long result;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		iov = (struct iovec){ buffer_page(&s->buffer, i % PAGES), self->page };
		result = errno_of(pwritev2(s->medium.fd, &iov, 1, i * self->page,
					   flags[i].number));
		done[i] = result == self->page;
		set_rule(RULE_FLAGS_AS_A_WHOLE);
		expect(done[i] || is_refusal(result), "%s: the write returns %ld", flags[i].name,
		       result);
	}
	expect(done[1] && done[2], "RWF_DSYNC or RWF_SYNC is refused");
	expect_result("a read through the page cache",
		      errno_of(pread(s->medium.buffered, on, i * self->page, 0)), i * self->page);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		expect_bytes(on + i * self->page, s->buffer.serial, done[i] ? i % PAGES : i,
			     done[i] ? BY_OWNER : BY_MEDIUM, flags[i].name);
	expect_used(s, 1, 2);
}

SCENARIO(ordinary, appended,
	 "pwritev2() with RWF_APPEND writes behind the end of the file, whatever the offset is, "
	 "and "
	 "nothing at the offset")
{
	struct story *s = &self->story;
	const off_t end = lseek(s->medium.fd, 0, SEEK_END);
	struct iovec iov = { buffer_page(&s->buffer, 1), 2 * self->page };
	unsigned char *on = s->medium.bounce;

	set_rule(RULE_FLAGS_AS_A_WHOLE);
	expect_result("pwritev2", errno_of(pwritev2(s->medium.fd, &iov, 1, 0, RWF_APPEND)),
		      2 * self->page);
	expect_result("a read of the new end",
		      errno_of(pread(s->medium.buffered, on, 3 * self->page, end)),
		      2 * self->page);
	expect_bytes(on, s->buffer.serial, 1, BY_OWNER, "bytes behind the old end");
	expect_bytes(on + self->page, s->buffer.serial, 2, BY_OWNER, "bytes behind the old end");
	expect_medium_has(s, 0, BY_MEDIUM);
	expect_used(s, 1, 2);
}

SCENARIO(ordinary, no_block,
	 "transfers whose length or offset is no multiple of a block fail with EINVAL, and change "
	 "neither the pages nor the medium")
{
	struct story *s = &self->story;
	const long odd = 100;

	set_rule(RULE_FLAGS_AS_A_WHOLE);
	expect_result("a read of an odd length",
		      errno_of(pread(s->medium.fd, s->buffer.addr, odd, 0)), -EINVAL);
	expect_result("a read of a block and an odd length",
		      errno_of(pread(s->medium.fd, s->buffer.addr, self->page + odd, 0)), -EINVAL);
	expect_result("a read at an odd offset",
		      errno_of(pread(s->medium.fd, s->buffer.addr, self->page, odd)), -EINVAL);
	expect_result("a write of an odd length",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, odd, 0)), -EINVAL);
	expect_result("a write at an odd offset",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, self->page, odd)), -EINVAL);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_medium_has(s, 0, BY_MEDIUM);
}

/* iovec_from_user(), copy_iovec_from_user() */
SCENARIO(ordinary, too_long_a_vector,
	 "a vector of more than IOV_MAX parts is EINVAL, as one with a negative length is, and "
	 "moves no byte; one of IOV_MAX parts works")
{
	struct story *s = &self->story;
	struct iovec iov[IOV_MAX + 1] = { { s->buffer.addr, self->page } };
	const struct iovec negative[] = { { s->buffer.addr, self->page }, { NULL, SIZE_MAX } };

	set_rule(RULE_FLAGS_AS_A_WHOLE);
	expect_result("more than IOV_MAX parts",
		      errno_of(pwritev(s->medium.fd, iov, IOV_MAX + 1, 0)), -EINVAL);
	expect_result("a negative length", errno_of(pwritev(s->medium.fd, negative, 2, 0)),
		      -EINVAL);
	expect_medium_has(s, 0, BY_MEDIUM);
	expect_result("IOV_MAX parts", errno_of(pwritev(s->medium.fd, iov, IOV_MAX, 0)),
		      self->page);
	expect_medium_has(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ordinary", argc, argv);
}
