// SPDX-License-Identifier: GPL-2.0
/*
 * Life cycle of registered buffers: accounting, update, and each way to close
 * the ring (S7)
 *
 * A worker of the kernel releases the pages of a closed ring. So these tests
 * wait until a page can be migrated, which means that it is unpinned, for at
 * most RELEASE_S.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/limit.h"
#include "kernel/memory.h"
#include "story/registered.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(registered)
{
	struct story story;
};

FIXTURE_VARIANT(registered)
{
	enum place place;
	bool read_only;		/* mapped read-only, before it is made writable and registered */
};

FIXTURE_VARIANT_ADD(registered, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(registered, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(registered, system_rw) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(registered)
{
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	story_ring(&self->story);
	story_make_writable(&self->story);
}

FIXTURE_TEARDOWN(registered)
{
	story_end(&self->story);
}

/*
 * Open a ring of a user without CAP_IPC_LOCK: only then the limit applies to
 * it, and since 7.x only then its pages are counted (io_buffer_account_pin()).
 */
static void ring_of_the_limited(struct story *s, long pages)
{
	ring_close(&s->ring);
	/* The user may not open it. */
	device_file(&s->device);
	limit_pinned_pages(pages);
	ring_open(&s->ring);
}

SCENARIO(registered, accounted,
	 "registered pages count as pinned until they are unregistered, wherever they were before")
{
	struct story *s = &self->story;

	ring_of_the_limited(s, PAGES);
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect_result("VmPin before, in pages", pinned_pages(), 0);
	register_all(s);
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect_result("VmPin while registered, in pages", pinned_pages(), PAGES);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	expect_result("VmPin after, in pages", pinned_pages(), 0);
	expect_unpinned(s);
	expect_result("VmPin with the pages on the device, in pages", pinned_pages(), 0);
}

SCENARIO(registered, limited,
	 "registration beyond RLIMIT_MEMLOCK returns ENOMEM, and no page stays pinned or counted")
{
	struct story *s = &self->story;
	size_t i;

	ring_of_the_limited(s, PAGES - 1);
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect_result("registration beyond the limit",
		      ring_register(&s->ring, s->buffer.addr, s->buffer.size), -ENOMEM);
	expect_result("VmPin afterwards, in pages", pinned_pages(), 0);
	for (i = 0; i < PAGES; i++) {
		/*
		 * They are pinned before they are counted
		 * (io_sqe_buffer_register()), so they have moved.
		 */
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_at(s, i, PLACE_SYSTEM);
		expect_owner_sees(s, i, BY_OWNER);
	}
	expect_unpinned(s);
	limit_pinned_pages(PAGES);
	register_all(s);
}

static bool nothing_is_counted(void *arg)
{
	(void)arg;
	return pinned_pages() == 0;
}

/* io_ring_ctx_free() */
SCENARIO(registered, closed_and_accounted,
	 "the pages do not count as pinned any more when the ring is closed with its buffer")
{
	struct story *s = &self->story;

	ring_of_the_limited(s, PAGES);
	register_all(s);
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect_result("VmPin while registered, in pages", pinned_pages(), PAGES);
	ring_forget(&s->ring);
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect(wait_until(nothing_is_counted, NULL, RELEASE_S),
	       "VmPin is %ld pages %d s after the ring was closed", pinned_pages(), RELEASE_S);
	expect_unpinned(s);
}

/* struct io_uring_buf_reg is of 5.19; the headers may be older. */
struct ring_registration {
	__u64 addr;
	__u32 entries;
	__u16 group, flags;
	__u64 reserved[3];
};

SCENARIO(registered, rings_are_free,
	 "the rings of io_uring and a ring of provided buffers do not count against "
	 "RLIMIT_MEMLOCK: all of it can be registered")
{
	struct story *s = &self->story;
	void *memory = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	const struct ring_registration ring = { .addr = (uintptr_t)memory, .entries = 8 };

	ring_of_the_limited(s, PAGES);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("IORING_REGISTER_PBUF_RING",
		      errno_of(syscall(SYS_io_uring_register, s->ring.uring.ring_fd,
				       IORING_REGISTER_PBUF_RING, &ring, 1)), 0);
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect_result("registration up to the limit",
		      ring_register(&s->ring, s->buffer.addr, s->buffer.size), 0);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	ring_forget(&s->ring);
	unmap_memory(memory, features.page_size);
}

/* WRITE_FIXED of page @page by slot @slot has @result. */
static void expect_slot(struct story *s, int slot, size_t page, long result)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.uring);
	struct io_uring_cqe *cqe;
	int ends[2];

	if (!sqe || pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		syscall_failed("pipe2", errno);
	fcntl(ends[1], F_SETPIPE_SZ, features.page_size);
	io_uring_prep_write_fixed(sqe, ends[1], buffer_page(&s->buffer, page), features.page_size,
				  0, slot);
	if (io_uring_submit(&s->ring.uring) != 1 || ring_wait(&s->ring, &cqe, RELEASE_S))
		syscall_failed("io_uring_submit", EIO);
	expect_result("WRITE_FIXED by the slot", cqe->res, result);
	io_uring_cqe_seen(&s->ring.uring, cqe);
	close(ends[0]);
	close(ends[1]);
}

SCENARIO(registered, updated,
	 "replacing the buffer in a slot pins the new pages and unpins the old ones")
{
	struct story *s = &self->story;
	struct buffer second;
	struct io_uring_cqe *cqe;
	__u64 tag = 1, no_tag = 0;
	struct iovec iov = { s->buffer.addr, s->buffer.size };

	buffer_map(&second, PAGES, PLACE_SYSTEM);
	buffer_write(&second, 0, PAGES, BY_OWNER);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("registration of an empty table",
		      io_uring_register_buffers_sparse(&s->ring.uring, 1), 0);
	expect_stays(s, 0);
	expect_result("the first buffer in the slot",
		      io_uring_register_buffers_update_tag(&s->ring.uring, 0, &iov, &tag, 1), 1);
	expect_at(s, 0, PLACE_SYSTEM);
	story_remember_frames(s);
	expect_pinned(s);
	iov = (struct iovec){ second.addr, second.size };
	expect_result("the second buffer in the slot",
		      io_uring_register_buffers_update_tag(&s->ring.uring, 0, &iov, &no_tag, 1), 1);
	/* In the control group, the buffer is released without this. */
	if (story_on_device(s) && !io_uring_cq_ready(&s->ring.uring))
		ring_release_replaced(&s->ring);
	/* The tag is posted when its buffer is released. */
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("the first buffer's tag", ring_wait(&s->ring, &cqe, RELEASE_S), 0);
	expect_unpinned(s);
	s->ring.registered = true;
}

SCENARIO(registered, updated_in_part,
	 "an update of two slots whose second buffer is no memory replaces the first and says so; "
	 "the second slot keeps its buffer")
{
	struct story *s = &self->story;
	const size_t page = features.page_size;
	struct iovec before[] = { { buffer_page(&s->buffer, 0), page },
				  { buffer_page(&s->buffer, 1), page } },
		     after[] = { { buffer_page(&s->buffer, 2), page }, { NULL, page } };
	struct io_uring *uring = &s->ring.uring;

	set_rule(RULE_UPDATE_TELLS);
	expect_result("registration of two buffers",
		      io_uring_register_buffers(uring, before, ARRAY_SIZE(before)), 0);
	s->ring.registered = true;
	expect_result("update of both slots",
		      io_uring_register_buffers_update_tag(uring, 0, after, NULL,
							   ARRAY_SIZE(after)), 1);
	expect_slot(s, 0, 2, page);
	expect_slot(s, 0, 0, -EFAULT);
	expect_slot(s, 1, 1, page);
}

/* io_register_rsrc_update() */
SCENARIO(registered, update_refused,
	 "an update of no slot, of another size or with reserved fields is EINVAL and leaves the "
	 "buffer where it is")
{
	struct story *s = &self->story;
	const struct iovec after = { buffer_page(&s->buffer, 2), features.page_size };
	const struct io_uring_rsrc_update2 good = { .data = (uintptr_t)&after, .nr = 1 };
	struct io_uring_rsrc_update2 rows[] = { good, good, good, good };
	const unsigned int size = sizeof(good), sizes[] = { size, size, size, size - 8 };
	size_t i;

	rows[0].nr = 0;
	rows[1].resv = 1;
	rows[2].resv2 = 1;
	register_all(s);
	set_rule(RULE_UPDATE_TELLS);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		expect_result("the update",
			      errno_of(syscall(SYS_io_uring_register, s->ring.uring.ring_fd,
					       IORING_REGISTER_BUFFERS_UPDATE, &rows[i],
					       sizes[i])), -EINVAL);
	expect_slot(s, 0, 0, features.page_size);
}

SCENARIO(registered, refused_in_part,
	 "a registration of two buffers whose second is no memory fails, pins nothing and "
	 "completes no tag")
{
	struct story *s = &self->story;
	struct iovec iov[] = { { s->buffer.addr, s->buffer.size }, { NULL, s->buffer.size } };
	struct io_uring *uring = &s->ring.uring;
	const __u64 tags[] = { 1, 2 };
	struct io_uring_cqe *cqe;

	set_rule(RULE_UPDATE_TELLS);
	expect_result("registration",
		      io_uring_register_buffers_tags(uring, iov, tags, ARRAY_SIZE(iov)), -EFAULT);
	expect_result("a completion after that", io_uring_peek_cqe(uring, &cqe), -EAGAIN);
	expect_unpinned(s);
	expect_owner_sees(s, 0, BY_OWNER);
}

/* A child has the ring open, but does nothing with it. */
SCENARIO(registered, ring_left_by_exit,
	 "a ring that a child still has open keeps the pages pinned until the child exits")
{
	struct story *s = &self->story;

	register_all(s);
	child_fork(&s->child);
	ring_forget(&s->ring);
	expect_pinned(s);
	child_leave(&s->child);
	expect_unpinned(s);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(registered, ring_left_by_kill,
	 "the same if the last process that has the ring open is killed")
{
	struct story *s = &self->story;

	register_all(s);
	child_fork(&s->child);
	ring_forget(&s->ring);
	expect_pinned(s);
	child_kill(&s->child);
	expect_unpinned(s);
	expect_owner_sees(s, 0, BY_OWNER);
}

static void start_in_flight(struct story *s)
{
	ring_start_in_flight(&s->ring, RING_READ_FIXED, s->medium.fd, s->buffer.addr,
			     s->buffer.size, &s->suspension);
}

SCENARIO(registered, unregistered_in_flight,
	 "a transfer that is in flight when its buffer is unregistered completes in the right "
	 "pages")
{
	struct story *s = &self->story;

	story_medium(s, ON_SLOW);
	register_all(s);
	start_in_flight(s);
	/*
	 * 6.1 waits for the transfer here; on later kernels the request keeps a
	 * reference to the buffer.
	 */
	story_dma_lands(s);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("READ_FIXED", ring_finish(&s->ring), s->buffer.size);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_MEDIUM);
	expect_owner_sees(s, PAGES - 1, BY_MEDIUM);
	expect_unpinned(s);
}

SCENARIO(registered, ring_left_in_flight,
	 "a ring that is closed with a transfer in flight keeps the pages pinned until the "
	 "transfer has completed")
{
	struct story *s = &self->story;
	size_t i;

	story_medium(s, ON_SLOW);
	register_all(s);
	start_in_flight(s);
	ring_forget(&s->ring);
	expect_pinned(s);
	story_dma_lands(s);
	expect_unpinned(s);
	set_rule(RULE_BYTES_ARRIVE);
	for (i = 0; i < PAGES; i++) {
		enum data seen = read_page(buffer_page(&s->buffer, i), s->buffer.serial, i,
					   BY_OWNER, BY_MEDIUM);

		expect(seen == DATA_OLD || seen == DATA_NEW,
		       "page %zu is %s: a part of the transfer went somewhere else", i,
		       data_name(seen));
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_registered", argc, argv);
}
