// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of the rings of io_uring, which the kernel allocates and a program maps,
 * and rings of several processes
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "story/registered.h"
#include "story/story.h"

#define PAGES 2
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
	if (strcmp(test, "cloned_by_another") && variant->place != PLACE_SYSTEM)
		return "the rings are memory of the kernel";
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

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ring_parts", argc, argv);
}
