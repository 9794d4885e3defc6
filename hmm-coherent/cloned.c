// SPDX-License-Identifier: GPL-2.0
/*
 * Registered buffers that two rings share (S7)
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/limit.h"
#include "kernel/since.h"
#include "story/registered.h"
#include "story/story.h"

#define PAGES 3

/* Since 6.12; the headers may be older. Number and layout are ABI. */
#define REGISTER_CLONE_BUFFERS 30
#define DST_REPLACE 2	/* IORING_REGISTER_DST_REPLACE, since 6.13 */
struct clone_buffers {
	__u32 src_fd, flags, src_off, dst_off, nr, pad[3];
};

FIXTURE(cloned)
{
	struct story story;
	struct ring second;
};

FIXTURE_VARIANT(cloned)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(cloned, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(cloned, system) { .place = PLACE_SYSTEM };

WHY_NOT(cloned)
{
	struct clone_buffers clone = { .src_fd = -1 };
	struct ring ring;
	int error;

	/* Up to 6.12 only all buffers can be cloned; the fields of the offsets must be zero. */
	if (strstr("past_the_end replaced_in_the_middle taken_from_the_middle", test) &&
	    !kernel_has(CHANGE_CLONE_AT_OFFSET))
		return "io_uring of this kernel clones all buffers or none (6.13)";
	if (!ring_available())
		return NULL;
	ring_open(&ring);
	error = syscall(SYS_io_uring_register, ring.uring.ring_fd, REGISTER_CLONE_BUFFERS, &clone,
			1) ?
			errno :
			0;
	ring_close(&ring);
	return error == EINVAL && !kernel_has(CHANGE_CLONE_BUFFERS) ?
		       "io_uring of this kernel cannot clone buffers (6.12)" :
		       NULL;
}

FIXTURE_SETUP(cloned)
{
	story_begin(&self->story, variant->place, false, PAGES);
	story_ring(&self->story);
	ring_open(&self->second);
}

FIXTURE_TEARDOWN(cloned)
{
	ring_close(&self->second);
	story_end(&self->story);
}

SCENARIO(cloned, outlives_the_first,
	 "a clone shares the pins: they end when both rings have unregistered the buffers")
{
	struct story *s = &self->story;
	struct clone_buffers clone = { .src_fd = s->ring.uring.ring_fd };

	register_all(s);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("clone",
		      syscall(SYS_io_uring_register, self->second.uring.ring_fd,
			      REGISTER_CLONE_BUFFERS, &clone, 1) ?
			      -errno :
			      0,
		      0);
	self->second.registered = true;
	expect_result("unregistration of the first", ring_unregister(&s->ring), 0);
	expect_pinned(s);
	expect_result("unregistration of the clone", ring_unregister(&self->second), 0);
	expect_unpinned(s);
	expect_owner_sees(s, 0, BY_OWNER);
}

static long clone_to(struct ring *ring, struct clone_buffers clone)
{
	return errno_of(syscall(SYS_io_uring_register, ring->uring.ring_fd, REGISTER_CLONE_BUFFERS,
				&clone, 1));
}

SCENARIO(cloned, past_the_end,
	 "cloning buffers behind the last one fails and leaves the second ring without buffers; "
	 "cloning an existing one works")
{
	struct story *s = &self->story;
	const __u32 from = s->ring.uring.ring_fd;
	const struct clone_buffers behind = { .src_fd = from, .src_off = 1, .nr = 1 },
				   far_behind = { .src_fd = from, .src_off = 0x7ffffffe, .nr = 1 },
				   as_third = { .src_fd = from, .nr = 1, .dst_off = 2 };
	struct iovec none = { s->buffer.addr, features.page_size };

	register_all(s);
	set_rule(RULE_CLONE_WITHIN);
	expect_result("clone of the buffer behind the last one",
		      clone_to(&self->second, behind),
		      -EOVERFLOW);
	expect_result("clone of a buffer far behind the last one",
		      clone_to(&self->second, far_behind),
		      -EOVERFLOW);
	expect_result("clone of more buffers than there are",
		      clone_to(&self->second, (struct clone_buffers){ .src_fd = from, .nr = 2 }),
		      -EINVAL);
	expect_result("clone with an offset and without a number",
		      clone_to(&self->second,
			       (struct clone_buffers){ .src_fd = from, .src_off = 1 }),
		      -EINVAL);
	expect_result("update of a buffer of the second ring, which has none",
		      io_uring_register_buffers_update_tag(&self->second.uring, 0, &none, NULL, 1),
		      -ENXIO);
	expect_result("clone of the only buffer to the third slot",
		      clone_to(&self->second, as_third),
		      0);
	self->second.registered = true;
	expect_result("unregistration of the first", ring_unregister(&s->ring), 0);
	expect_pinned(s);
	expect_result("unregistration of the clone", ring_unregister(&self->second), 0);
	expect_unpinned(s);
}

/* Write the page that slot @slot of the second ring has into a pipe, and compare its bytes. */
static void expect_in_slot(FIXTURE_DATA(cloned) (*self), int slot, size_t page)
{
	static unsigned char seen[65536] __aligned(8);
	const struct buffer *buffer = &self->story.buffer;
	struct io_uring *uring = &self->second.uring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
	struct io_uring_cqe *cqe;
	int ends[2];

	if (!sqe || pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		syscall_failed("pipe2", errno);
	fcntl(ends[1], F_SETPIPE_SZ, features.page_size);
	io_uring_prep_write_fixed(sqe, ends[1], buffer_page(buffer, page), features.page_size, 0,
				  slot);
	if (io_uring_submit(uring) != 1 || ring_wait(&self->second, &cqe, RELEASE_S))
		syscall_failed("io_uring_submit", EIO);
	expect_result("WRITE_FIXED of the slot", cqe->res, features.page_size);
	io_uring_cqe_seen(uring, cqe);
	expect_result("bytes in the pipe", errno_of(read(ends[0], seen, features.page_size)),
		      features.page_size);
	expect_bytes(seen, buffer->serial, page, BY_OWNER, "bytes of the slot");
	close(ends[0]);
	close(ends[1]);
}

SCENARIO(cloned, replaced_in_the_middle,
	 "cloning one buffer into the middle of a table that has buffers replaces that one, and "
	 "leaves those before and behind it")
{
	struct story *s = &self->story;
	const struct clone_buffers one = { .src_fd = s->ring.uring.ring_fd, .flags = DST_REPLACE,
					   .src_off = 0, .dst_off = 1, .nr = 1 };
	struct iovec pages[PAGES];
	int i;

	for (i = 0; i < PAGES; i++)
		pages[i] = (struct iovec){ buffer_page(&s->buffer, i), features.page_size };
	register_all(s);
	set_rule(RULE_CLONE_WITHIN);
	expect_result("registration of three buffers",
		      io_uring_register_buffers(&self->second.uring, pages, PAGES), 0);
	self->second.registered = true;
	expect_result("clone without leave to replace",
		      clone_to(&self->second, (struct clone_buffers){
				       .src_fd = one.src_fd, .dst_off = 1, .nr = 1 }),
		      -EBUSY);
	expect_result("clone of one buffer into the second slot", clone_to(&self->second, one), 0);
	expect_in_slot(self, 0, 0);
	/* The clone is of all pages. */
	expect_in_slot(self, 1, 2);
	expect_in_slot(self, 2, 2);
	expect_result("unregistration of the first", ring_unregister(&s->ring), 0);
	expect_in_slot(self, 1, 0);
	expect_result("unregistration of the others", ring_unregister(&self->second), 0);
	expect_unpinned(s);
}

SCENARIO(cloned, accounted,
	 "pages that two rings share count as pinned once, until both rings have unregistered "
	 "them")
{
	struct story *s = &self->story;

	ring_close(&s->ring);
	ring_close(&self->second);
	/* The user may not open it. */
	device_file(&s->device);
	limit_pinned_pages(2 * PAGES);
	ring_open(&s->ring);
	ring_open(&self->second);
	register_all(s);
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect_result("clone", clone_to(&self->second, (struct clone_buffers){
						.src_fd = s->ring.uring.ring_fd }), 0);
	self->second.registered = true;
	expect_result("VmPin with both, in pages", pinned_pages(), PAGES);
	expect_result("unregistration of the first", ring_unregister(&s->ring), 0);
	expect_result("VmPin with the clone, in pages", pinned_pages(), PAGES);
	expect_result("unregistration of the clone", ring_unregister(&self->second), 0);
	expect_result("VmPin afterwards, in pages", pinned_pages(), 0);
	expect_unpinned(s);
}

SCENARIO(cloned, taken_from_the_middle,
	 "cloning one buffer from the middle of a table brings that one, and not the first")
{
	struct story *s = &self->story;
	const struct clone_buffers second = { .src_fd = s->ring.uring.ring_fd, .src_off = 1,
					      .nr = 1 };
	struct iovec pages[PAGES];
	int i;

	for (i = 0; i < PAGES; i++)
		pages[i] = (struct iovec){ buffer_page(&s->buffer, i), features.page_size };
	set_rule(RULE_CLONE_WITHIN);
	expect_result("registration of three buffers",
		      io_uring_register_buffers(&s->ring.uring, pages, PAGES), 0);
	s->ring.registered = true;
	expect_result("clone of the second one", clone_to(&self->second, second), 0);
	self->second.registered = true;
	expect_in_slot(self, 0, 1);
}

SCENARIO(cloned, of_empty_slots,
	 "a table that has empty slots is cloned with them: the buffers are in their places, and "
	 "the rest is empty")
{
	struct story *s = &self->story;
	struct iovec page = { buffer_page(&s->buffer, 1), features.page_size };

	set_rule(RULE_CLONE_WITHIN);
	expect_result("registration of an empty table",
		      io_uring_register_buffers_sparse(&s->ring.uring, PAGES), 0);
	s->ring.registered = true;
	expect_result("the second slot",
		      io_uring_register_buffers_update_tag(&s->ring.uring, 1, &page, NULL, 1), 1);
	expect_result("clone", clone_to(&self->second, (struct clone_buffers){
						.src_fd = s->ring.uring.ring_fd }), 0);
	self->second.registered = true;
	expect_in_slot(self, 1, 1);
	expect_result("a third buffer in the empty slot behind it",
		      io_uring_register_buffers_update_tag(&self->second.uring, 2, &page, NULL, 1),
		      1);
	expect_in_slot(self, 2, 1);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_cloned", argc, argv);
}
