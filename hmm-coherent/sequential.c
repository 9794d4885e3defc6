// SPDX-License-Identifier: GPL-2.0
/*
 * O_DIRECT as programs use it: sequential read() and write() at the file
 * position, at the end of the file, and with O_APPEND
 *
 * The file position must advance by the number of bytes that a call
 * transferred, and not at all if the call fails. The pages are on a device or
 * in system memory; a read into a read-only mapping must fail.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 4
/* Less than a block, and not a multiple of the alignment. */
#define ODD_BYTES 100

FIXTURE(sequential)
{
	struct story story;
	ssize_t page;		/* bytes */
};

FIXTURE_VARIANT(sequential)
{
	enum place place;
	bool read_only;
	enum medium_kind medium;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(sequential, name) { __VA_ARGS__ }
VARIANT(coherent_rw_file, .place = PLACE_COHERENT, .medium = ON_FILE);
VARIANT(coherent_ro_file, .place = PLACE_COHERENT, .read_only = true, .medium = ON_FILE);
VARIANT(coherent_rw_raw, .place = PLACE_COHERENT, .medium = ON_RAW);
VARIANT(coherent_ro_raw, .place = PLACE_COHERENT, .read_only = true, .medium = ON_RAW);
VARIANT(system_rw_file, .place = PLACE_SYSTEM, .medium = ON_FILE);
VARIANT(system_ro_file, .place = PLACE_SYSTEM, .read_only = true, .medium = ON_FILE);
VARIANT(system_rw_raw, .place = PLACE_SYSTEM, .medium = ON_RAW);
VARIANT(system_ro_raw, .place = PLACE_SYSTEM, .read_only = true, .medium = ON_RAW);
VARIANT(coherent_rw_raw_4k, .place = PLACE_COHERENT, .medium = ON_RAW_4K);
VARIANT(coherent_rw_xfs, .place = PLACE_COHERENT, .medium = ON_XFS);
VARIANT(coherent_ro_xfs, .place = PLACE_COHERENT, .read_only = true, .medium = ON_XFS);
VARIANT(coherent_rw_btrfs, .place = PLACE_COHERENT, .medium = ON_BTRFS);
VARIANT(coherent_ro_btrfs, .place = PLACE_COHERENT, .read_only = true, .medium = ON_BTRFS);

WHY_NOT(sequential)
{
	const bool of_files = strstr(test, "end_of_file") || strstr(test, "append") ||
			      strstr(test, "emptied");

	if (of_files && !medium_is_file(variant->medium))
		return "a block device has a fixed size";
	if (strstr(test, "emptied") && variant->medium == ON_BTRFS)
		return "a block of btrfs is not smaller than a page";
	return medium_why_not(variant->medium);
}

FIXTURE_SETUP(sequential)
{
	self->page = features.page_size;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	story_medium(&self->story, variant->medium);
}

FIXTURE_TEARDOWN(sequential)
{
	story_end(&self->story);
}

static void go_to(struct story *s, off_t position)
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("lseek", errno_of(lseek(s->medium.fd, position, SEEK_SET)), position);
}

static void expect_position(struct story *s, off_t position)
{
	set_rule(RULE_POSITION_FOLLOWS);
	expect_result("the position of the file",
		      errno_of(lseek(s->medium.fd, 0, SEEK_CUR)), position);
}

/*
 * Check the result of a read of @size bytes at @from, which fails for a
 * read-only mapping, and the position after it.
 */
static void expect_read_on(struct story *s, long result, long size, off_t from)
{
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("read from the medium", result, s->read_only ? -EFAULT : size);
	expect_position(s, s->read_only ? from : from + size);
}

static void expect_transferred(struct story *s, long result, long size, off_t from)
{
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("bytes transferred", result, size);
	expect_position(s, from + size);
}

static void expect_all_stay(struct story *s)
{
	size_t i;

	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
}

SCENARIO(sequential, reads,
	 "each read(2) of a page continues at the position of the last one, and a read that fails "
	 "does not change the position")
{
	struct story *s = &self->story;
	off_t at = 0;
	size_t i;

	go_to(s, 0);
	for (i = 0; i < PAGES; i++) {
		expect_read_on(s,
			       errno_of(read(s->medium.fd, buffer_page(&s->buffer, i), self->page)),
			       self->page, at);
		at += s->read_only ? 0 : self->page;
		expect_owner_sees(s, i, s->read_only ? BY_OWNER : BY_MEDIUM);
	}
	expect_all_stay(s);
}

SCENARIO(sequential, writes,
	 "each write(2) of a page continues at the position of the last one")
{
	struct story *s = &self->story;
	size_t i;

	go_to(s, 0);
	for (i = 0; i < PAGES; i++) {
		expect_transferred(s,
				   errno_of(write(s->medium.fd, buffer_page(&s->buffer, i),
						  self->page)),
				   self->page, i * self->page);
		expect_medium_has(s, i, BY_OWNER);
	}
	expect_all_stay(s);
}

/* For preadv2() and pwritev2() with offset -1, which is the file position, and with flags. */
static struct iovec last_two_pages(struct story *s)
{
	return (struct iovec){ buffer_page(&s->buffer, 2), 2 * features.page_size };
}

SCENARIO(sequential, read_no_wait,
	 "preadv2() with RWF_NOWAIT at the file position reads all bytes, or returns EAGAIN and "
	 "does not change the position")
{
	struct story *s = &self->story;
	struct iovec iov = last_two_pages(s);
	long result;

	go_to(s, 2 * self->page);
	result = errno_of(preadv2(s->medium.fd, &iov, 1, -1, RWF_NOWAIT));
	if (result == -EAGAIN)
		expect_position(s, 2 * self->page);
	else
		expect_read_on(s, result, 2 * self->page, 2 * self->page);
	expect_owner_sees(s, 2, result > 0 ? BY_MEDIUM : BY_OWNER);
	expect_owner_sees(s, 3, result > 0 ? BY_MEDIUM : BY_OWNER);
	expect_all_stay(s);
}

SCENARIO(sequential, write_in_sync,
	 "pwritev2() with RWF_DSYNC at the file position writes the bytes and advances the "
	 "position")
{
	struct story *s = &self->story;
	struct iovec iov = last_two_pages(s);

	go_to(s, 2 * self->page);
	expect_transferred(s, errno_of(pwritev2(s->medium.fd, &iov, 1, -1, RWF_DSYNC)),
			   2 * self->page, 2 * self->page);
	expect_medium_has(s, 1, BY_MEDIUM);
	expect_medium_has(s, 2, BY_OWNER);
	expect_medium_has(s, 3, BY_OWNER);
	expect_all_stay(s);
}

/* iomap_dio_hole_iter() may fill the part of the buffer behind the end of the file with zeros. */
SCENARIO(sequential, end_of_file,
	 "a read across an end of file inside of a block returns the bytes before the end, the "
	 "next read returns 0, and the rest of the buffer gets no other bytes")
{
	struct story *s = &self->story;
	const long size = self->page + ODD_BYTES;
	unsigned char last[ODD_BYTES];
	size_t i;

	memcpy(last, (char *)s->medium.bounce + self->page, ODD_BYTES);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("ftruncate", errno_of(ftruncate(s->medium.fd, size)), 0);
	go_to(s, 0);
	expect_read_on(s, errno_of(read(s->medium.fd, s->buffer.addr, s->buffer.size)), size, 0);
	expect_owner_sees(s, 0, s->read_only ? BY_OWNER : BY_MEDIUM);
	if (!s->read_only) {
		set_rule(RULE_BYTES_ARRIVE);
		expect(!memcmp(buffer_page(&s->buffer, 1), last, ODD_BYTES),
		       "the last %d bytes of the file are not in page 1", ODD_BYTES);
		expect_result("a read at the end of the file",
			      errno_of(read(s->medium.fd, buffer_page(&s->buffer, 2), self->page)),
			      0);
		expect_position(s, size);
	}
	set_rule(RULE_BYTES_ARRIVE);
	for (i = 2; i < PAGES; i++) {
		enum data seen = read_page(buffer_page(&s->buffer, i), s->buffer.serial, i,
					   BY_OWNER, BY_MEDIUM);

		expect(seen == DATA_OLD || (!s->read_only && seen == DATA_ZERO),
		       "page %zu, behind the end of the file, is %s, not as before or zero", i,
		       data_name(seen));
	}
	expect_all_stay(s);
}

/*
 * io_uring repeats a read that has stopped in the middle, by itself or by a
 * worker, and has to add what it read before.
 */
SCENARIO(sequential, end_of_file_by_ring,
	 "a read by io_uring across an end of file returns the bytes before the end, with O_DIRECT "
	 "and through the page cache")
{
	struct story *s = &self->story;
	const long size = self->page + ODD_BYTES, result = s->read_only ? -EFAULT : size;

	story_ring(s);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("ftruncate", errno_of(ftruncate(s->medium.fd, size)), 0);
	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_BYTES_ARRIVE);
	expect_result("a read with O_DIRECT",
		      ring_transfer(&s->ring, RING_READ, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      result);
	expect_owner_sees(s, 0, s->read_only ? BY_OWNER : BY_MEDIUM);
	expect_result("a read through the page cache",
		      ring_transfer(&s->ring, RING_READ, s->medium.buffered, s->buffer.addr,
				    s->buffer.size),
		      result);
	expect_owner_sees(s, 0, s->read_only ? BY_OWNER : BY_MEDIUM);
}

/*
 * The blocks keep their old bytes on the disk, as those of a deleted file do.
 * The rest of a block that is written in part must be overwritten with zeros.
 */
/* kiocb_done(): generic_write_checks() has gone to the end of the file before. */
SCENARIO(sequential, append_fails,
	 "a write by io_uring to the end of a file (O_APPEND) that fails leaves the position where "
	 "it is")
{
	struct story *s = &self->story;
	unsigned char *nothing = map_memory(self->page, PROT_NONE);
	const int fd = s->medium.fd, before = fcntl(fd, F_GETFL), flags[] = { O_DIRECT, 0 };
	struct io_uring_sqe *sqe;
	size_t i;

	story_ring(s);
	go_to(s, self->page);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (fcntl(fd, F_SETFL, O_APPEND | flags[i]))
			syscall_failed("F_SETFL", errno);
		sqe = io_uring_get_sqe(&s->ring.uring);
		io_uring_prep_write(sqe, fd, nothing, self->page, -1);
		if (io_uring_submit(&s->ring.uring) != 1)
			syscall_failed("io_uring_submit", EIO);
		set_rule(RULE_BYTES_ARRIVE);
		expect_result("a write of memory without access", ring_finish(&s->ring), -EFAULT);
		expect_position(s, self->page);
	}
	fcntl(fd, F_SETFL, before);
	unmap_memory(nothing, self->page);
}

SCENARIO(sequential, emptied_block,
	 "a write of the beginning or the end of a block that was emptied leaves zeros in the rest "
	 "of it")
{
	struct story *s = &self->story;
	unsigned char *on = s->medium.bounce, *zeros = on + 2 * self->page;
	const long part = s->medium.align, rest = self->page - part;

	set_rule(RULE_LEGAL_CALLS_WORK);
	/* The blocks of the disk of the suite's guest have 512 bytes. */
	if (rest <= 0 && in_guest())
		fail_now("direct I/O of less than a page is not possible");
	need(rest > 0, SKIP_NO_PART_OF_BLOCK);
	expect_result("FALLOC_FL_ZERO_RANGE",
		      errno_of(fallocate(s->medium.fd, FALLOC_FL_ZERO_RANGE, 0, 2 * self->page)),
		      0);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a write of the beginning of a block",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, part, 0)), part);
	expect_result("a write of the end of the next block",
		      errno_of(pwrite(s->medium.fd, s->buffer.addr, part, 2 * self->page - part)),
		      part);
	expect_result("a read through the page cache",
		      errno_of(pread(s->medium.buffered, on, 2 * self->page, 0)), 2 * self->page);
	memset(zeros, 0, self->page);
	expect(!memcmp(on, s->buffer.addr, part), "the first block has other bytes");
	expect(!memcmp(on + part, zeros, rest), "the rest of the first block is not zero");
	expect(!memcmp(on + self->page, zeros, rest), "the rest of the next block is not zero");
	expect(!memcmp(on + self->page + rest, s->buffer.addr, part),
	       "the next block has other bytes");
	expect_all_stay(s);
}

SCENARIO(sequential, append,
	 "with O_APPEND, writes go to the end of the file, whatever the position is, and set the "
	 "position to the new end")
{
	struct story *s = &self->story;
	const off_t end = lseek(s->medium.fd, 0, SEEK_END);
	struct stat file;
	size_t i;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("fcntl", errno_of(fcntl(s->medium.fd, F_SETFL, O_APPEND | O_DIRECT)), 0);
	go_to(s, 0);
	for (i = 0; i < 2; i++)
		expect_transferred(s,
				   errno_of(write(s->medium.fd, buffer_page(&s->buffer, i),
						  self->page)),
				   self->page, end + i * self->page);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("fstat", errno_of(fstat(s->medium.fd, &file)), 0);
	expect_result("the size of the file", file.st_size, end + 2 * self->page);
	for (i = 0; i < 2; i++) {
		expect_result("pread through the page cache",
			      errno_of(pread(s->medium.buffered, s->medium.bounce, self->page,
					     end + i * self->page)),
			      self->page);
		expect_bytes(s->medium.bounce, s->buffer.serial, i, BY_OWNER,
			     "bytes behind the old end of the file");
	}
	expect_medium_has(s, 0, BY_MEDIUM);
	expect_all_stay(s);
}

SCENARIO(sequential, resumed_after_fault,
	 "a read that stops at an inaccessible page leaves the position behind the bytes that it "
	 "read; the next read completes it")
{
	struct story *s = &self->story;
	size_t i, done;
	long first;

	story_make_writable(s);
	story_protect(s, 2, 1, PROT_NONE);
	go_to(s, 0);
	first = errno_of(read(s->medium.fd, s->buffer.addr, s->buffer.size));
	set_rule(RULE_PARTIAL_TRANSFER);
	must(first == -EFAULT || (first > 0 && first <= 2 * self->page),
	     "a read to a range with an inaccessible page returns %ld, not EFAULT or at most %ld",
	     first,
	     2 * (long)self->page);
	done = first > 0 ? first : 0;
	expect_position(s, done);
	story_protect(s, 2, 1, PROT_READ | PROT_WRITE);
	expect_transferred(s,
			   errno_of(read(s->medium.fd, s->buffer.addr + done,
					 s->buffer.size - done)),
			   s->buffer.size - done, done);
	set_rule(RULE_BYTES_ARRIVE);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_MEDIUM);
	expect_all_stay(s);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_sequential", argc, argv);
}
