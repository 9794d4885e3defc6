// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of the rings of io_uring, which the kernel allocates and a program maps,
 * rings of several processes, and rings of buffers with several requests
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
#include "story/registered.h"
#include "story/story.h"

#define PAGES 3
#define GROUP 5
#define FIRST 7		/* ID of the first buffer */
#define RING_INC 2		/* IOU_PBUF_RING_INC of 6.12 */
#define ENTRIES 4096	/* so many that the rings have several pages of any size */
/* Since 6.12; the headers may be older. Number and layout are ABI. */
#define REGISTER_CLONE_BUFFERS 30
struct clone_buffers {
	__u32 src_fd, flags, src_off, dst_off, nr, pad[3];
};

FIXTURE(ring_parts)
{
	struct story story;
	struct io_uring_params params;
	int ring;
};

FIXTURE_VARIANT(ring_parts)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(ring_parts, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(ring_parts, system) { .place = PLACE_SYSTEM };

WHY_NOT(ring_parts)
{
	if (!strcmp(test, "cloned_by_another") && !kernel_has(CHANGE_CLONE_BUFFERS))
		return "io_uring of this kernel cannot clone buffers (6.12)";
	if ((!strcmp(test, "mapped_in_part") || !strcmp(test, "of_one_issuer")) &&
	    variant->place != PLACE_SYSTEM)
		return "the rings are memory of the kernel";
	if (!strcmp(test, "buffers_with_minimum") && !kernel_has(CHANGE_BUFFER_RING_MINIMUM))
		return "this kernel consumes a buffer to its last byte (before 7.1)";
	return NULL;
}

FIXTURE_SETUP(ring_parts)
{
	story_begin(&self->story, variant->place, false, PAGES);
	need(ring_available(), SKIP_NO_IO_URING);
	self->ring = errno_of(syscall(SYS_io_uring_setup, ENTRIES, &self->params));
	if (self->ring < 0)
		syscall_failed("io_uring_setup", -self->ring);
}

FIXTURE_TEARDOWN(ring_parts)
{
	close(self->ring);
	story_end(&self->story);
}

/* Map @size bytes of the area at @offset, and look at the word at @at. */
static void expect_mapped_word(FIXTURE_DATA(ring_parts) (*self), off_t offset, size_t size,
			       size_t at, unsigned int word, const char *what)
{
	unsigned char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->ring,
				  offset);

	must(map != MAP_FAILED, "mmap() of a part of %s: %s", what, strerror(errno));
	expect_result(what, *(unsigned int *)(map + at), word);
	unmap_memory(map, size);
}

SCENARIO(ring_parts, mapped_in_part,
	 "a program can map the first page of each ring, or all of it, and sees the same words")
{
	const struct io_uring_params *p = &self->params;
	const size_t all = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe),
		     sizes[] = { features.page_size, 2 * features.page_size, all };
	size_t i;

	set_rule(RULE_RING_IN_PARTS);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_mapped_word(self, IORING_OFF_SQ_RING, sizes[i], p->sq_off.ring_entries,
				   p->sq_entries, "the ring of submissions");
		expect_mapped_word(self, IORING_OFF_CQ_RING, sizes[i], p->cq_off.ring_entries,
				   p->cq_entries, "the ring of completions");
	}
}

/* In the child: clone the buffers of the ring @from of the parent to a ring of its own. */
static long clone_here(const struct buffer *buffer, long from)
{
	const struct clone_buffers clone = { .src_fd = from };
	struct io_uring own;
	long result = io_uring_queue_init(4, &own, 0);

	(void)buffer;
	if (result)
		return result;
	result = errno_of(syscall(SYS_io_uring_register, own.ring_fd, REGISTER_CLONE_BUFFERS,
				  &clone, 1));
	io_uring_queue_exit(&own);
	return result;
}

SCENARIO(ring_parts, cloned_by_another,
	 "buffers of a ring cannot be cloned to a ring of another process, to which their pins are "
	 "not accounted")
{
	struct story *s = &self->story;

	story_ring(s);
	register_all(s);
	child_fork(&s->child);
	set_rule(RULE_CLONE_WITHIN);
	expect_result("clone in the child",
		      child_call(&s->child, &s->buffer, clone_here, s->ring.uring.ring_fd),
		      kernel_has(CHANGE_CLONE_OF_ONE_MM) ? -EINVAL : 0);
	child_leave(&s->child);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	expect_unpinned(s);
}

/* In the child, which has inherited the ring. */
static long register_with(const struct buffer *buffer, long ring)
{
	const struct iovec iov = { buffer->addr, buffer->size };

	return errno_of(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1));
}

SCENARIO(ring_parts, of_one_issuer,
	 "only the task that has opened a ring with IORING_SETUP_SINGLE_ISSUER can register "
	 "buffers with it")
{
	struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER };
	struct story *s = &self->story;
	const int ring = errno_of(syscall(SYS_io_uring_setup, 4, &params));

	set_rule(RULE_LEGAL_CALLS_WORK);
	must(ring >= 0, "io_uring_setup() with one issuer returns %d", ring);
	child_fork(&s->child);
	set_rule(RULE_RIGHTS);
	expect_result("registration by a child",
		      child_call(&s->child, &s->buffer, register_with, ring), -EEXIST);
	child_leave(&s->child);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("registration by the issuer", register_with(&s->buffer, ring), 0);
	close(ring);
	expect_unpinned(s);
}

/* struct io_uring_buf_reg; min_left is of 7.1 */
struct ring_registration {
	__u64 addr;
	__u32 entries;
	__u16 group, flags;
	__u32 minimum, reserved[5];
};

/* Register a ring that provides @size bytes at the begin of each page of the story. */
static struct io_uring_buf_ring *provide(struct story *s, __u16 flags, __u32 size, __u32 minimum)
{
	struct io_uring_buf_ring *ring = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	const struct ring_registration reg = { .addr = (uintptr_t)ring, .entries = 8,
					       .group = GROUP, .flags = flags, .minimum = minimum };
	size_t i;

	story_ring(s);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("IORING_REGISTER_PBUF_RING",
		      errno_of(syscall(SYS_io_uring_register, s->ring.uring.ring_fd,
				       IORING_REGISTER_PBUF_RING, &reg, 1)), 0);
	for (i = 0; i < 2 * PAGES; i++) {
		ring->bufs[i].addr = (uintptr_t)buffer_page(&s->buffer, i % PAGES);
		ring->bufs[i].len = size;
		ring->bufs[i].bid = FIRST + i;
	}
	__atomic_store_n(&ring->tail, 2 * PAGES, __ATOMIC_RELEASE);
	set_rule(RULE_RING_OF_BUFFERS);
	return ring;
}

static void request(struct story *s, int fd, unsigned int size, unsigned int how)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.uring);

	if (!sqe)
		broken("the submission queue is full");
	io_uring_prep_read(sqe, fd, NULL, size, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT | how;
	sqe->buf_group = GROUP;
}

/* The ID of the buffer to which @size bytes were read, counted from the first. */
static unsigned int finish(struct story *s, int size)
{
	struct io_uring_cqe *cqe;
	unsigned int number;

	if (ring_wait(&s->ring, &cqe, 20))
		syscall_failed("io_uring_wait_cqe", ETIME);
	expect_result("bytes read", cqe->res, size);
	number = (cqe->flags >> IORING_CQE_BUFFER_SHIFT) - FIRST;
	io_uring_cqe_seen(&s->ring.uring, cqe);
	return number;
}

/* Submit reads of which none has ended when the next one is submitted. */
static unsigned int used_at_once(struct story *s, int fd, unsigned int how)
{
	unsigned int seen = 0, i;

	for (i = 0; i < PAGES; i++)
		request(s, fd, features.page_size, how);
	if (io_uring_submit(&s->ring.uring) != PAGES)
		syscall_failed("io_uring_submit", EIO);
	for (i = 0; i < PAGES; i++)
		seen |= BIT(finish(s, features.page_size) % 32);
	return seen;
}

/* io_should_commit() (6.1: io_ring_buffer_select()) */
SCENARIO(ring_parts, buffers_at_once,
	 "reads that end late, directly or by a worker, get a buffer of the ring each")
{
	struct story *s = &self->story;
	struct io_uring_buf_ring *ring = provide(s, 0, features.page_size, 0);

	story_medium(s, ON_FILE);
	set_rule(RULE_RING_OF_BUFFERS);
	expect_result("buffers of direct reads, as bits", used_at_once(s, s->medium.fd, 0),
		      BIT(PAGES) - 1);
	expect_result("buffers of a worker's reads, as bits",
		      used_at_once(s, s->medium.buffered, IOSQE_ASYNC),
		      (BIT(PAGES) - 1) << PAGES);
	expect_owner_sees(s, 0, BY_MEDIUM);
	ring_forget(&s->ring);
	unmap_memory(ring, features.page_size);
}

/* io_kbuf_inc_commit() */
SCENARIO(ring_parts, buffers_with_minimum,
	 "a buffer of which less than min_left bytes are left is not used any more, and one with "
	 "so many is")
{
	struct story *s = &self->story;
	struct io_uring_buf_ring *ring = provide(s, RING_INC, 150, 50);
	const struct {
		unsigned int bytes, number;
	} reads[] = { { 100, 0 }, { 1, 0 }, { 100, 1 } };
	const int file = memfd_create("minimum", MFD_CLOEXEC);
	size_t i;

	if (file < 0 || ftruncate(file, 150))
		syscall_failed("memfd_create", errno);
	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		request(s, file, reads[i].bytes, 0);
		if (io_uring_submit(&s->ring.uring) != 1)
			syscall_failed("io_uring_submit", EIO);
		expect_result("the buffer", finish(s, reads[i].bytes), reads[i].number);
	}
	close(file);
	ring_forget(&s->ring);
	unmap_memory(ring, features.page_size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ring_parts", argc, argv);
}
