// SPDX-License-Identifier: GPL-2.0
/*
 * Provided buffers of io_uring: a request names a group, and the ring selects a
 * buffer of it, which is on a device or in memory
 *
 * The bytes must be in the buffer that the completion names, and the page must
 * stay where it is. Buffer IDs end at 65535; at these limits the kernel had
 * errors before.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/ring.h"
#include "story/story.h"

#define PAGES 3
#define GROUP 5
/*
 * A group without buffers; io_init_bl_list() of 6.1 creates those below 64 with
 * the first buffer.
 */
#define NO_GROUP 1000
/* The ID of the first buffer, in tests that do not test the ID. */
#define FIRST 7
/* An ID has 16 bits: the last ID, and the number of IDs. */
#define LAST 65535
#define ALL 65536

FIXTURE(provided)
{
	struct story story;
};

FIXTURE_VARIANT(provided)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(provided, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(provided, system) { .place = PLACE_SYSTEM };

WHY_NOT(provided)
{
	if (!strcmp(test, "of_two_gigabytes") && !kernel_has(CHANGE_BUFFER_RING_INC))
		return "this kernel consumes whole buffers only (before 6.12)";
	return !strcmp(test, "read_repeatedly") && !kernel_has(CHANGE_READ_MULTISHOT) ?
		       "this kernel has no IORING_OP_READ_MULTISHOT (6.7)" :
		       NULL;
}

FIXTURE_SETUP(provided)
{
	story_begin(&self->story, variant->place, false, PAGES);
	story_ring(&self->story);
}

FIXTURE_TEARDOWN(provided)
{
	story_end(&self->story);
}

static struct io_uring_sqe *request(struct story *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.uring);

	if (!sqe)
		broken("the submission queue is full");
	return sqe;
}

/*
 * Submit the request, and wait for its completion. Returns the result; @flags
 * gets the flags of the completion.
 */
static long complete(struct story *s, unsigned int *flags)
{
	int submitted = io_uring_submit(&s->ring.uring), error;
	struct io_uring_cqe *cqe;
	long result;

	if (submitted != 1)
		syscall_failed("io_uring_submit", submitted < 0 ? -submitted : EIO);
	error = ring_wait(&s->ring, &cqe, 20);
	if (error)
		syscall_failed("io_uring_wait_cqe", -error);
	result = cqe->res;
	if (flags)
		*flags = cqe->flags;
	io_uring_cqe_seen(&s->ring.uring, cqe);
	return result;
}

/* Provide @count consecutive buffers of @size bytes at @addr, with IDs from @number on. */
static long provide(struct story *s, void *addr, int size, int count, int number)
{
	io_uring_prep_provide_buffers(request(s), addr, size, count, GROUP, number);
	return complete(s, NULL);
}

static long remove_buffers(struct story *s, int count, int group)
{
	io_uring_prep_remove_buffers(request(s), count, group);
	return complete(s, NULL);
}

static void provide_pages(struct story *s)
{
	set_rule(RULE_PROVIDED_ARE_COUNTED);
	expect_result("providing a buffer for each page",
		      provide(s, s->buffer.addr, features.page_size, PAGES, FIRST), 0);
}

/* Read one page of the medium into the buffer that the ring selects, which must be page @page. */
static void expect_read_into(struct story *s, size_t page)
{
	struct io_uring_sqe *sqe = request(s);
	unsigned int flags;
	long result;

	io_uring_prep_read(sqe, s->medium.fd, NULL, features.page_size, page * features.page_size);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	result = complete(s, &flags);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("bytes read", result, features.page_size);
	expect_result("flag for a selected buffer",
		      flags & IORING_CQE_F_BUFFER, IORING_CQE_F_BUFFER);
	expect_result("ID of the selected buffer", flags >> IORING_CQE_BUFFER_SHIFT, FIRST + page);
	expect_owner_sees(s, page, BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, page);
}

SCENARIO(provided, chosen,
	 "reads use the provided buffers in their order and move no page; without a buffer left "
	 "they return ENOBUFS")
{
	struct story *s = &self->story;
	struct io_uring_sqe *sqe;
	size_t i;

	story_medium(s, ON_FILE);
	medium_write(&s->medium, s->buffer.serial, PAGES, BY_MEDIUM);
	provide_pages(s);
	for (i = 0; i < PAGES; i++)
		expect_read_into(s, i);
	sqe = request(s);
	io_uring_prep_read(sqe, s->medium.fd, NULL, features.page_size, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	set_rule(RULE_PROVIDED_ARE_COUNTED);
	expect_result("a read without a buffer left", complete(s, NULL), -ENOBUFS);
}

SCENARIO(provided, removed,
	 "removal of more buffers than there are returns how many there were")
{
	struct story *s = &self->story;

	provide_pages(s);
	expect_result("buffers removed, with one requested", remove_buffers(s, 1, GROUP), 1);
	expect_result("buffers removed, with ten requested",
		      remove_buffers(s, 10, GROUP), PAGES - 1);
	expect_result("buffers removed from an empty group", remove_buffers(s, 10, GROUP), 0);
	expect_result("removal from a group that does not exist",
		      remove_buffers(s, 1, NO_GROUP), -ENOENT);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(provided, last_number, "a buffer may have the last ID, and no buffer may follow it")
{
	struct story *s = &self->story;
	const int size = features.page_size;

	set_rule(RULE_PROVIDED_ARE_COUNTED);
	expect_result("a buffer with the last ID",
		      provide(s, s->buffer.addr, size, 1, LAST), 0);
	expect_result("two buffers up to the last ID",
		      provide(s, s->buffer.addr, size, 2, LAST - 1), 0);
	expect_result("two buffers from the last ID on",
		      provide(s, s->buffer.addr, size, 2, LAST), -EINVAL);
	expect_result("a buffer behind the last ID",
		      provide(s, s->buffer.addr, size, 1, LAST + 1), -E2BIG);
	expect_result("buffers removed", remove_buffers(s, 10, GROUP), 3);
}

SCENARIO(provided, full_group, "a group can have as many buffers as there are IDs")
{
	struct story *s = &self->story;

	set_rule(RULE_PROVIDED_ARE_COUNTED);
	expect_result("a buffer for each ID", provide(s, s->buffer.addr, 1, ALL, 0), 0);
	expect_result("buffers removed", remove_buffers(s, ALL, GROUP), ALL);
	expect_result("more buffers than there are IDs",
		      provide(s, s->buffer.addr, 1, ALL + 1, 0), -E2BIG);
	expect_result("no buffer at all", provide(s, s->buffer.addr, 1, 0, 0), -E2BIG);
	expect_result("buffers without a byte", provide(s, s->buffer.addr, 0, 1, 0), -EINVAL);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

/* Since 6.7; the headers may be older. */
#define READ_MULTISHOT 49

struct ends {
	int read, write;
};

static struct ends open_pipe(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		syscall_failed("pipe2", errno);
	return (struct ends){ ends[0], ends[1] };
}

static void close_pipe(struct ends pipe)
{
	close(pipe.read);
	close(pipe.write);
}

static void feed(const struct story *s, struct ends pipe, size_t bytes)
{
	if (write(pipe.write, s->buffer.addr, bytes) != (ssize_t)bytes)
		not_prepared("the pipe does not take %zu bytes", bytes);
}

/* A read of at most @size bytes of the pipe into a buffer that the ring selects. */
static void prepare_read(struct story *s, struct ends pipe, int opcode, size_t size)
{
	struct io_uring_sqe *sqe = request(s);

	io_uring_prep_rw(opcode, sqe, pipe.read, NULL, size, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
}

static void expect_completion(struct story *s, long result, unsigned int number, bool more)
{
	struct io_uring_cqe *cqe;

	if (ring_wait(&s->ring, &cqe, 20))
		syscall_failed("io_uring_wait_cqe", ETIME);
	expect_result("bytes read", cqe->res, result);
	expect_result("flag for more completions", cqe->flags & IORING_CQE_F_MORE,
		      more ? IORING_CQE_F_MORE : 0);
	if (result > 0)
		expect_result("ID of the selected buffer", cqe->flags >> IORING_CQE_BUFFER_SHIFT,
			      number);
	io_uring_cqe_seen(&s->ring.uring, cqe);
}

/*
 * The read selects a buffer, finds nothing to read, and gives the buffer back
 * until there is something (io_kbuf_recycle_legacy()).
 */
SCENARIO(provided, put_back,
	 "a read that has to wait uses the first buffer afterwards, and the next reads those "
	 "behind it")
{
	struct story *s = &self->story;
	const struct ends ends = open_pipe();
	unsigned int i;

	/* A pipe without O_NONBLOCK, so that the read waits. */
	if (fcntl(ends.read, F_SETFL, 0))
		syscall_failed("fcntl", errno);
	provide_pages(s);
	for (i = 0; i < PAGES; i++) {
		prepare_read(s, ends, IORING_OP_READ, features.page_size);
		if (io_uring_submit(&s->ring.uring) != 1)
			syscall_failed("io_uring_submit", EIO);
		set_rule(RULE_PROVIDED_ARE_COUNTED);
		expect_result("completions before there is something to read",
			      io_uring_cq_ready(&s->ring.uring), 0);
		feed(s, ends, features.page_size);
		expect_completion(s, features.page_size, FIRST + i, false);
	}
	close_pipe(ends);
}

SCENARIO(provided, read_repeatedly,
	 "a repeated read fills each buffer to its own size, whatever the size of the one before "
	 "it, until there is none left")
{
	struct story *s = &self->story;
	const int page = features.page_size, sizes[PAGES] = { 100, page, page / 2 };
	const struct ends ends = open_pipe();
	unsigned int i;

	set_rule(RULE_PROVIDED_ARE_COUNTED);
	for (i = 0; i < PAGES; i++)
		expect_result("providing a buffer",
			      provide(s, buffer_page(&s->buffer, i), sizes[i], 1, FIRST + i), 0);
	prepare_read(s, ends, READ_MULTISHOT, 0);
	if (io_uring_submit(&s->ring.uring) != 1)
		syscall_failed("io_uring_submit", EIO);
	for (i = 0; i < PAGES; i++) {
		feed(s, ends, sizes[i]);
		expect_completion(s, sizes[i], FIRST + i, true);
	}
	feed(s, ends, 1);
	expect_completion(s, -ENOBUFS, 0, false);
	close_pipe(ends);
}

/* struct io_uring_buf_reg, whose flags and IOU_PBUF_RING_INC are of 6.12 */
struct ring_registration {
	__u64 addr;
	__u32 entries;
	__u16 group, flags;
	__u64 reserved[3];
};

#define RING_INC 2

/*
 * io_kbuf_inc_commit(): lengths have 32 bits without a sign. The kernel accesses no
 * more of the buffer than it fills.
 */
SCENARIO(provided, of_two_gigabytes,
	 "a buffer of 2 GiB in a ring with IOU_PBUF_RING_INC is consumed in parts as a smaller one")
{
	struct story *s = &self->story;
	const struct ends ends = open_pipe();
	struct io_uring_buf_ring *ring = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	struct ring_registration reg = { .addr = (uintptr_t)ring, .entries = 8, .group = GROUP,
					 .flags = RING_INC };
	const __u32 size = 0x80000000;
	__u32 done;

	set_rule(RULE_RING_OF_BUFFERS);
	expect_result("registration", errno_of(syscall(SYS_io_uring_register,
						       s->ring.uring.ring_fd,
						       IORING_REGISTER_PBUF_RING, &reg, 1)), 0);
	ring->bufs[0].addr = (uintptr_t)s->buffer.addr;
	ring->bufs[0].len = size;
	ring->bufs[0].bid = FIRST;
	__atomic_store_n(&ring->tail, 1, __ATOMIC_RELEASE);
	for (done = 100; done <= 200; done += 100) {
		feed(s, ends, 100);
		prepare_read(s, ends, IORING_OP_READ, 100);
		if (io_uring_submit(&s->ring.uring) != 1)
			syscall_failed("io_uring_submit", EIO);
		expect_completion(s, 100, FIRST, false);
		expect_result("what is left of the buffer", ring->bufs[0].len, size - done);
		expect_result("where it begins now",
			      ring->bufs[0].addr - (uintptr_t)s->buffer.addr, done);
	}
	close_pipe(ends);
	unmap_memory(ring, features.page_size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_provided", argc, argv);
}
