// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring's provided buffers: a request names a group, and the ring chooses a
 * buffer of it, which is on a device or in memory
 *
 * The bytes have to be in the buffer that the completion names, and the page
 * has to stay where it is. What is provided and removed is counted by numbers
 * that end at 65535, and at these ends the kernel has counted wrongly before.
 */
#include "suite/harness.h"

#include <errno.h>
#include <liburing.h>

#include "kernel/kernel.h"
#include "reach/ring.h"
#include "story/story.h"

#define PAGES 3
#define GROUP 5
/*
 * Nobody has provided a buffer to it; io_init_bl_list() of 6.1 makes those
 * below 64 with the first one.
 */
#define NO_GROUP 1000
/* The number of the first buffer, where it is not the subject. */
#define FIRST 7
/* A number has 16 bits: the last one, and how many there are. */
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

/* Submit it, and wait. Returns the result; the completion's flags in @flags. */
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

/* @count buffers of @size bytes, one behind the other at @addr, with numbers from @number on. */
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

/* Read one page of the medium into the buffer that the ring chooses: it has to be page @page. */
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
	expect_result("a buffer was chosen", flags & IORING_CQE_F_BUFFER, IORING_CQE_F_BUFFER);
	expect_result("its number", flags >> IORING_CQE_BUFFER_SHIFT, FIRST + page);
	expect_owner_sees(s, page, BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, page);
}

SCENARIO(provided, chosen,
	 "reads go into the provided buffers in their order, without moving a page; then there is "
	 "none")
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
	 "removing more buffers than there are says how many there were")
{
	struct story *s = &self->story;

	provide_pages(s);
	expect_result("buffers removed, of one asked for", remove_buffers(s, 1, GROUP), 1);
	expect_result("buffers removed, of ten asked for", remove_buffers(s, 10, GROUP), PAGES - 1);
	expect_result("buffers removed of an empty group", remove_buffers(s, 10, GROUP), 0);
	expect_result("buffers removed of no group", remove_buffers(s, 1, NO_GROUP), -ENOENT);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(provided, last_number, "the last buffer may have the last number, and no other one")
{
	struct story *s = &self->story;
	const int size = features.page_size;

	set_rule(RULE_PROVIDED_ARE_COUNTED);
	expect_result("a buffer with the last number",
		      provide(s, s->buffer.addr, size, 1, LAST), 0);
	expect_result("two up to the last", provide(s, s->buffer.addr, size, 2, LAST - 1), 0);
	expect_result("two from the last on", provide(s, s->buffer.addr, size, 2, LAST), -EINVAL);
	expect_result("one behind the last", provide(s, s->buffer.addr, size, 1, LAST + 1), -E2BIG);
	expect_result("buffers removed", remove_buffers(s, 10, GROUP), 3);
}

SCENARIO(provided, full_group, "a group can have as many buffers as there are numbers")
{
	struct story *s = &self->story;

	set_rule(RULE_PROVIDED_ARE_COUNTED);
	expect_result("all numbers", provide(s, s->buffer.addr, 1, ALL, 0), 0);
	expect_result("buffers removed", remove_buffers(s, ALL, GROUP), ALL);
	expect_result("one more than there are numbers",
		      provide(s, s->buffer.addr, 1, ALL + 1, 0), -E2BIG);
	expect_result("no buffer at all", provide(s, s->buffer.addr, 1, 0, 0), -E2BIG);
	expect_result("buffers without a byte", provide(s, s->buffer.addr, 0, 1, 0), -EINVAL);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_provided", argc, argv);
}
