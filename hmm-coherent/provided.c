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
#include <liburing.h>

#include "kernel/kernel.h"
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

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_provided", argc, argv);
}
