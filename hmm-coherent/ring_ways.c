// SPDX-License-Identifier: GPL-2.0
/*
 * Each way in which io_uring reads and writes: from plain, vectored and
 * registered memory, at an offset and at the position of the file, directly and
 * through the page cache
 *
 * All ways must transfer the same bytes. Each transfer uses what the kernel kept
 * of the request before it, which has ended at the end of the medium.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/swap.h"
#include "story/story.h"

#define PAGES 4
#define FIRST 1			/* of the pages that are transferred, as a number and an offset */
#define TRANSFERS 32		/* of each kind, of which one at least completes late */
#define COUNT (PAGES - FIRST)
#define AT_POSITION ((__u64)-1)
#define WRITES 8		/* of which not all are done when they are submitted */
#define FROZEN_S 5		/* how long what has to wait for a freeze or a thaw may wait */

/* Since 6.15; the headers may be older. */
#define READV_FIXED 60
#define WRITEV_FIXED 61

struct way {
	const char *name;
	int read, write;	/* opcodes */
	bool vectored, registered;
};

static const struct way ways[] = {
	{ .name = "plain", .read = IORING_OP_READ, .write = IORING_OP_WRITE },
	{ .name = "vectored", .read = IORING_OP_READV, .write = IORING_OP_WRITEV,
	  .vectored = true },
	{ .name = "registered", .read = IORING_OP_READ_FIXED, .write = IORING_OP_WRITE_FIXED,
	  .registered = true },
	{ .name = "registered and vectored", .read = READV_FIXED, .write = WRITEV_FIXED,
	  .vectored = true, .registered = true },
};

FIXTURE(ring_ways)
{
	struct story story;
	size_t page, size;	/* of a page and of a transfer, in bytes */
	struct iovec parts[2];	/* of the memory; they meet inside of a page */
};

FIXTURE_VARIANT(ring_ways)
{
	enum place place;
	enum medium_kind medium;
};

#define VARIANT(name, where, on) \
	FIXTURE_VARIANT_ADD(ring_ways, name) { .place = (where), .medium = (on) }
VARIANT(coherent_file, PLACE_COHERENT, ON_FILE);
VARIANT(coherent_raw, PLACE_COHERENT, ON_RAW);
VARIANT(system_file, PLACE_SYSTEM, ON_FILE);
VARIANT(system_raw, PLACE_SYSTEM, ON_RAW);

WHY_NOT(ring_ways)
{
	if (!strstr(test, "frozen"))
		return NULL;
	if (variant->medium == ON_RAW)
		return "there is no filesystem on this device";
	if (!in_guest())
		return "other processes may use the filesystem that it freezes";
	return variant->place == PLACE_SYSTEM ? NULL : "the place of the page does not matter";
}

FIXTURE_SETUP(ring_ways)
{
	struct story *s = &self->story;
	unsigned char *from;
	size_t half;

	self->page = features.page_size;
	self->size = COUNT * self->page;
	story_begin(s, variant->place, false, PAGES);
	story_ring(s);
	story_medium(s, variant->medium);
	from = buffer_page(&s->buffer, FIRST);
	half = s->medium.align < self->page ? self->page / 2 : 0;
	self->parts[0] = (struct iovec){ from, self->page + half };
	self->parts[1] = (struct iovec){ from + self->page + half, 2 * self->page - half };
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("registration", ring_register(&s->ring, s->buffer.addr, s->buffer.size), 0);
}

FIXTURE_TEARDOWN(ring_ways)
{
	story_end(&self->story);
}

static bool can(const struct way *way)
{
	return !way->vectored || !way->registered || kernel_has(CHANGE_VECTORS_REGISTERED);
}

static long run(struct story *s, int opcode, int fd, const void *addr, unsigned int length,
		__u64 offset)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.uring);

	if (!sqe || io_uring_sq_space_left(&s->ring.uring) == 0)
		broken("the submission queue is full");
	io_uring_prep_rw(opcode, sqe, fd, addr, length, offset);
	if (io_uring_submit(&s->ring.uring) != 1)
		syscall_failed("io_uring_submit", EIO);
	return ring_finish(&s->ring);
}

/* A read of two pages of which the medium has one, so that the kernel has to add up its parts. */
static void read_across_end(FIXTURE_DATA(ring_ways) (*self), int fd)
{
	struct story *s = &self->story;
	const off_t end = lseek(s->medium.buffered, 0, SEEK_END);

	set_rule(RULE_END_OF_FILE);
	expect_result("a read across the end of the medium",
		      run(s, IORING_OP_READ, fd, s->medium.bounce, 2 * self->page,
			  end - self->page), self->page);
}

static void expect_position(int fd, off_t position)
{
	set_rule(RULE_POSITION_FOLLOWS);
	expect_result("the position of the file", lseek(fd, 0, SEEK_CUR), position);
}

/*
 * Transfer the pages by a way, at the offset of page FIRST or at the position,
 * which is there. The position has to be behind the transfer then, and as it was
 * otherwise. That of a direct transfer is checked by moves_directly.
 */
static void transfer(FIXTURE_DATA(ring_ways) (*self), const struct way *way, int opcode,
		     bool direct, bool at_position)
{
	struct story *s = &self->story;
	const int fd = direct ? s->medium.fd : s->medium.buffered;
	const off_t begin = FIRST * self->page;
	char what[96];
	long result;

	read_across_end(self, fd);
	snprintf(what, sizeof(what), "a transfer %s, %s, %s", way->name,
		 direct ? "directly" : "through the page cache",
		 at_position ? "at the position" : "at an offset");
	if (lseek(fd, at_position ? begin : 0, SEEK_SET) < 0)
		syscall_failed("lseek", errno);
	result = way->vectored ?
			 run(s, opcode, fd, self->parts, ARRAY_SIZE(self->parts),
			     at_position ? AT_POSITION : (__u64)begin) :
			 run(s, opcode, fd, self->parts[0].iov_base, self->size,
			     at_position ? AT_POSITION : (__u64)begin);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result(what, result, self->size);
	if (!direct || !at_position)
		expect_position(fd, at_position ? begin + (off_t)self->size : 0);
	set_rule(RULE_BYTES_ARRIVE);
}

static void read_by(FIXTURE_DATA(ring_ways) (*self), const struct way *way, bool direct,
		    bool at_position)
{
	struct story *s = &self->story;
	size_t i;

	buffer_write(&s->buffer, 0, PAGES, BY_OWNER);
	medium_write(&s->medium, s->buffer.serial, PAGES, BY_MEDIUM);
	transfer(self, way, way->read, direct, at_position);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, i < FIRST ? BY_OWNER : BY_MEDIUM);
}

static void write_by(FIXTURE_DATA(ring_ways) (*self), const struct way *way, bool direct,
		     bool at_position)
{
	struct story *s = &self->story;
	size_t i;

	buffer_write(&s->buffer, 0, PAGES, BY_OWNER);
	medium_write(&s->medium, s->buffer.serial, PAGES, BY_MEDIUM);
	transfer(self, way, way->write, direct, at_position);
	for (i = 0; i < PAGES; i++)
		expect_medium_has(s, i, i < FIRST ? BY_MEDIUM : BY_OWNER);
}

typedef void transfer_by(FIXTURE_DATA(ring_ways) (*self), const struct way *way, bool direct,
			 bool at_position);

static void by_all_ways(FIXTURE_DATA(ring_ways) (*self), transfer_by *by, bool direct)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!can(&ways[i]))
			continue;
		by(self, &ways[i], direct, false);
		by(self, &ways[i], direct, true);
	}
}

SCENARIO(ring_ways, read_directly,
	 "all ways to read with O_DIRECT bring the same bytes, at an offset and at the position; "
	 "an offset leaves the position")
{
	by_all_ways(self, read_by, true);
}

SCENARIO(ring_ways, read_through_cache,
	 "the same through the page cache, where a transfer at the position moves it")
{
	by_all_ways(self, read_by, false);
}

SCENARIO(ring_ways, written_directly,
	 "all ways to write with O_DIRECT write the same bytes, at an offset and at the position; "
	 "an offset leaves the position")
{
	by_all_ways(self, write_by, true);
}

SCENARIO(ring_ways, written_through_cache,
	 "the same through the page cache, where a transfer at the position moves it")
{
	by_all_ways(self, write_by, false);
}

/* docs/findings.md, ring-position-stays */
SCENARIO(ring_ways, moves_directly,
	 "a transfer with O_DIRECT at the position moves it by the bytes of the transfer")
{
	const off_t behind = FIRST * self->page + self->size;
	int i;

	/* Most complete after their submission, which is what this is about, but not all. */
	for (i = 0; i < TRANSFERS && !report->failures; i++) {
		transfer(self, &ways[0], ways[0].read, true, true);
		expect_position(self->story.medium.fd, behind);
		transfer(self, &ways[0], ways[0].write, true, true);
		expect_position(self->story.medium.fd, behind);
	}
}

/*
 * bio_set_pages_dirty() of a transfer that completes later: reclaim drops a page after
 * MADV_FREE that is clean.
 */
SCENARIO(ring_ways, read_to_freed,
	 "reclaim keeps bytes that a ring has read to memory after MADV_FREE")
{
	struct story *s = &self->story;
	size_t i;

	swap_on();
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	drain_lru_batches();
	medium_write(&s->medium, s->buffer.serial, PAGES, BY_MEDIUM);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_FREE);
	drain_lru_batches();
	set_rule(RULE_DIRTY_OUTLIVES);
	expect_result("a read", run(s, IORING_OP_READ, s->medium.fd, s->buffer.addr,
				    s->buffer.size, 0), s->buffer.size);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_PAGEOUT);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_MEDIUM);
}

/* A thread that has to do something while this one waits in the kernel, or the other way round. */
struct freezer {
	pthread_t thread;
	int fd, told[2];
	bool late;
	long result;
};

static void *thaw_when_told(void *arg)
{
	struct freezer *freezer = arg;
	struct pollfd told = { .fd = freezer->told[0], .events = POLLIN };

	freezer->late = poll(&told, 1, FROZEN_S * 1000) != 1;
	freezer->result = errno_of(ioctl(freezer->fd, FITHAW, 0));
	return NULL;
}

static void *freeze(void *arg)
{
	struct freezer *freezer = arg;

	freezer->result = errno_of(ioctl(freezer->fd, FIFREEZE, 0));
	return NULL;
}

static void start(struct freezer *freezer, int fd, void *(*run)(void *arg))
{
	*freezer = (struct freezer){ .fd = fd };
	if (pipe2(freezer->told, O_CLOEXEC) || pthread_create(&freezer->thread, NULL, run, freezer))
		syscall_failed("pthread_create", errno);
}

static void prepare_write(FIXTURE_DATA(ring_ways) (*self), struct io_uring *uring)
{
	struct story *s = &self->story;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);

	if (!sqe)
		broken("the submission queue is full");
	io_uring_prep_write(sqe, s->medium.fd, s->buffer.addr, self->page, 0);
}

/* io_kiocb_start_write() */
SCENARIO(ring_ways, frozen,
	 "the submission of a write to a frozen filesystem does not wait, and the write is done "
	 "when the filesystem is thawed")
{
	struct story *s = &self->story;
	struct freezer freezer;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("FIFREEZE", errno_of(ioctl(s->medium.buffered, FIFREEZE, 0)), 0);
	start(&freezer, s->medium.buffered, thaw_when_told);
	prepare_write(self, &s->ring.uring);
	set_rule(RULE_FLAGS_AS_A_WHOLE);
	expect_result("the submission", io_uring_submit(&s->ring.uring), 1);
	if (write(freezer.told[1], "t", 1) != 1 || pthread_join(freezer.thread, NULL))
		syscall_failed("pthread_join", errno);
	expect(!freezer.late, "the submission has waited until the filesystem was thawed");
	expect_result("FITHAW", freezer.result, 0);
	expect_result("the write", ring_finish(&s->ring), self->page);
	expect_medium_has(s, 0, BY_OWNER);
}

/* Work that waits for its ring to be asked wakes no poll(2): io_req_local_work_add(). */
static bool is_ready(void *uring)
{
	struct pollfd done = { ((struct io_uring *)uring)->ring_fd, .events = POLLIN };

	return poll(&done, 1, 0) == 1;
}

/* io_complete_rw(): with IORING_SETUP_DEFER_TASKRUN nothing is done until the ring is asked. */
SCENARIO(ring_ways, frozen_afterwards,
	 "a filesystem can be frozen while a write to it has ended and its ring was not asked for "
	 "the completion")
{
	struct story *s = &self->story;
	struct io_uring uring;
	struct freezer freezer;
	struct timespec end;
	int running, late, i;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("io_uring_queue_init",
		      io_uring_queue_init(WRITES, &uring, IORING_SETUP_SINGLE_ISSUER |
							  IORING_SETUP_DEFER_TASKRUN), 0);
	for (i = 0; i < WRITES; i++)
		prepare_write(self, &uring);
	expect_result("the submission", io_uring_submit(&uring), WRITES);
	must(wait_until(is_ready, &uring, FROZEN_S), "no write ends");
	start(&freezer, s->medium.buffered, freeze);
	clock_gettime(CLOCK_REALTIME, &end);
	/* Where it is known to wait, that need not take as long. */
	end.tv_sec += kernel_has(CHANGE_WRITE_ENDS_ALONE) ? 0 : 1 - FROZEN_S;
	for (late = -1, running = 1; running && late < FROZEN_S; late++) {
		/* This ends the writes that are done, so that the filesystem can be frozen. */
		if (late >= 0)
			io_uring_get_events(&uring);
		end.tv_sec += FROZEN_S;
		running = pthread_timedjoin_np(freezer.thread, NULL, &end);
	}
	must(!running, "FIFREEZE does not end");
	expect_result("FIFREEZE", freezer.result, 0);
	expect_result("FITHAW", errno_of(ioctl(s->medium.buffered, FITHAW, 0)), 0);
	expect(late == 0, "FIFREEZE has waited until the ring was asked");
	io_uring_queue_exit(&uring);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ring_ways", argc, argv);
}
