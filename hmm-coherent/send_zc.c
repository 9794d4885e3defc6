// SPDX-License-Identifier: GPL-2.0
/*
 * Pages on a device that are sent over TCP without a copy (IORING_OP_SEND_ZC):
 * a socket holds them until the other end has the bytes (S7)
 *
 * A registered buffer is pinned for long, so that its pages leave the device
 * when it is registered. Without one, the socket takes ordinary references, and
 * the pages stay. The other end of the connection does not read until the test
 * says so: until then the bytes are in flight, in the pages themselves.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/connection.h"
#include "reach/next_frames.h"
#include "story/registered.h"

#define PAGES 4
#define WAIT_S 20

/* The headers may be older. Numbers are ABI. */
#define OP_SEND_ZC 47
#define OP_SENDMSG_ZC 48
#define SEND_FIXED_BUF BIT(2)
#define CQE_NOTIF BIT(3)

FIXTURE(send_zc)
{
	struct story story;
	struct connection connection;
};

FIXTURE_VARIANT(send_zc)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(send_zc, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(send_zc, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(send_zc, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(send_zc, system_rw) { .place = PLACE_SYSTEM };

WHY_NOT(send_zc)
{
	return connection_possible() ? NULL :
				       "this kernel has no network (--profile wide has one)";
}

FIXTURE_SETUP(send_zc)
{
	memset(&self->connection, 0, sizeof(self->connection));
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	story_ring(&self->story);
	connection_open(&self->connection);
}

FIXTURE_TEARDOWN(send_zc)
{
	/* What is in flight has to end, or a ring that is closed would wait for it. */
	connection_close(&self->connection);
	story_end(&self->story);
}

static void expect_received(FIXTURE_DATA(send_zc) (*self), enum writer writer)
{
	struct story *s = &self->story;
	const unsigned char *to = connection_receive(&self->connection, PAGES);
	size_t i;

	set_rule(RULE_SEND_HOLDS_PAGE);
	for (i = 0; i < PAGES; i++)
		expect_bytes(to + i * features.page_size, s->buffer.serial, i, writer,
			     "bytes that the other end receives");
}

static struct io_uring_sqe *request(struct story *s, int op, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring.uring);

	if (!sqe)
		broken("the submission queue is full");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	return sqe;
}

/* The result of the next completion; @notification: is it one? */
static long completed(struct story *s, bool *notification)
{
	struct io_uring_cqe *cqe;
	const int error = ring_wait(&s->ring, &cqe, WAIT_S);
	long result;

	if (error) {
		set_rule(RULE_SEND_HOLDS_PAGE);
		fail_now("no completion within %d s: %s", WAIT_S, strerror(-error));
	}
	result = cqe->res;
	*notification = cqe->flags & CQE_NOTIF;
	io_uring_cqe_seen(&s->ring.uring, cqe);
	return result;
}

static void expect_sent(struct story *s, long size)
{
	bool notification;
	long result;

	if (io_uring_submit(&s->ring.uring) != 1)
		syscall_failed("io_uring_submit", EIO);
	result = completed(s, &notification);
	set_rule(RULE_SEND_HOLDS_PAGE);
	must(!notification, "a notification comes before the completion");
	expect_result("bytes sent", result, size);
}

static void send_pages(FIXTURE_DATA(send_zc) (*self), bool fixed)
{
	struct story *s = &self->story;
	struct io_uring_sqe *sqe = request(s, OP_SEND_ZC, self->connection.sender);

	sqe->addr = (uintptr_t)s->buffer.addr;
	sqe->len = s->buffer.size;
	sqe->ioprio = fixed ? SEND_FIXED_BUF : 0;
	expect_sent(s, s->buffer.size);
}

static void expect_in_flight(struct story *s)
{
	struct io_uring_cqe *cqe;

	set_rule(RULE_SEND_HOLDS_PAGE);
	expect(io_uring_peek_cqe(&s->ring.uring, &cqe) == -EAGAIN,
	       "there is a notification while the bytes are in flight");
}

static void expect_notified(struct story *s)
{
	bool notification;
	long result = completed(s, &notification);

	set_rule(RULE_SEND_HOLDS_PAGE);
	expect(notification && result >= 0, "the completion after the bytes have arrived is no "
	       "notification, or has the error %ld", result);
}

/* Register the buffer, send it, and leave the bytes in flight. */
static void send_registered(FIXTURE_DATA(send_zc) (*self))
{
	story_make_writable(&self->story);
	register_all(&self->story);
	connection_block(&self->connection);
	send_pages(self, true);
	expect_in_flight(&self->story);
}

SCENARIO(send_zc, registered,
	 "a registered buffer leaves the device; its bytes arrive, and it is pinned until it is "
	 "unregistered")
{
	struct story *s = &self->story;

	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	if (s->read_only)
		expect_result("registration of a read-only buffer",
			      ring_register(&s->ring, s->buffer.addr, s->buffer.size), -EFAULT);
	story_make_writable(s);
	register_all(s);
	send_pages(self, true);
	expect_received(self, BY_OWNER);
	expect_notified(s);
	expect_pinned(s);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	expect_unpinned(s);
}

SCENARIO(send_zc, written_in_flight,
	 "the other end receives what the owner writes to a registered buffer while it is in "
	 "flight: the socket has the page itself")
{
	struct story *s = &self->story;

	send_registered(self);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER_AGAIN);
	expect_in_flight(s);
	expect_same_frame(s, 0);
	expect_received(self, BY_OWNER_AGAIN);
	expect_notified(s);
}

SCENARIO(send_zc, forked_in_flight,
	 "fork() copies a registered buffer that is in flight for the child; what the parent "
	 "writes then arrives, and the child does not see it")
{
	struct story *s = &self->story;
	size_t i;

	send_registered(self);
	child_fork(&s->child);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER_AGAIN);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	for (i = 0; i < PAGES; i++) {
		expect_same_frame(s, i);
		expect_child_has_other_frame(s, &s->child, i, PLACE_SYSTEM);
	}
	expect_received(self, BY_OWNER_AGAIN);
	expect_notified(s);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

/* Unregistration itself would wait for the notification, up to 6.12. */
SCENARIO(send_zc, replaced_in_flight,
	 "a registered buffer that is replaced while it is in flight stays pinned until the "
	 "notification")
{
	struct story *s = &self->story;
	struct iovec other = { map_memory(features.page_size, PROT_READ | PROT_WRITE),
			       features.page_size };

	send_registered(self);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("an update of the registered buffers",
		      io_uring_register_buffers_update_tag(&s->ring.uring, 0, &other, NULL, 1), 1);
	expect_pinned(s);
	/* If the pages are free, sending them could crash the kernel. */
	if (report->failures)
		give_up();
	expect_received(self, BY_OWNER);
	expect_notified(s);
	ring_release_replaced(&s->ring);
	expect_unpinned(s);
}

/* Check where the pages are that a socket holds without a pin. */
static void expect_held(struct story *s)
{
	size_t i;

	for (i = 0; i < PAGES; i++) {
		set_rule(s->place == PLACE_PRIVATE ? RULE_PRIVATE_FAULTS_BACK :
						     RULE_SHORT_PIN_STAYS);
		if (s->place == PLACE_PRIVATE)
			expect_at(s, i, PLACE_SYSTEM);
		else
			expect_stays(s, i);
	}
	story_remember_frames(s);
}

SCENARIO(send_zc, unregistered,
	 "pages without registration stay on the device and are held until the notification: what "
	 "the owner writes meanwhile arrives, and they do not migrate")
{
	struct story *s = &self->story;
	size_t i;

	story_make_writable(s);
	connection_block(&self->connection);
	send_pages(self, false);
	expect_held(s);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER_AGAIN);
	story_migrate_back(s);
	story_migrate_to_device(s);
	set_rule(RULE_PINNED_STAYS);
	for (i = 0; i < PAGES; i++)
		expect_same_frame(s, i);
	expect_in_flight(s);
	expect_received(self, BY_OWNER_AGAIN);
	expect_notified(s);
	expect_unpinned(s);
}

SCENARIO(send_zc, copied_in_flight,
	 "after fork(), a write to a page in flight gives the writer a copy in memory, and the "
	 "bytes of before arrive")
{
	struct story *s = &self->story;
	size_t i;

	connection_block(&self->connection);
	send_pages(self, false);
	expect_held(s);
	child_fork(&s->child);
	story_make_writable(s);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER_AGAIN);
	set_rule(RULE_SHARED_IS_COPIED);
	for (i = 0; i < PAGES; i++) {
		expect_copied(s, i);
		expect_child_keeps_frame(s, &s->child, i);
	}
	expect_received(self, BY_OWNER);
	expect_notified(s);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(send_zc, unmapped_in_flight,
	 "the frames of pages that are unmapped in flight are not handed out before the "
	 "notification, and once after it")
{
	struct story *s = &self->story;
	struct buffer next;
	size_t i;

	connection_block(&self->connection);
	send_pages(self, false);
	expect_held(s);
	unmap_memory(s->buffer.addr, s->buffer.size);
	set_rule(RULE_FREED_TO_DRIVER);
	next_frames_take(&next, PAGES, &s->device, s->place);
	for (i = 0; i < PAGES; i++)
		expect_result("times that a frame in flight is handed out",
			      next_frames_count(&next, s->frames[i]), 0);
	next_frames_return(&next);
	expect_received(self, BY_OWNER);
	expect_notified(s);
	if (s->place != PLACE_COHERENT)
		return;
	set_rule(RULE_FREED_TO_DRIVER);
	next_frames_take(&next, PAGES, &s->device, s->place);
	for (i = 0; i < PAGES; i++)
		expect_result("times that the frame is handed out then",
			      next_frames_count(&next, s->frames[i]), 1);
	next_frames_return(&next);
}

SCENARIO(send_zc, of_a_vector,
	 "SENDMSG_ZC of device pages, memory and a hole sends all, and zeros for the hole")
{
	struct story *s = &self->story;
	const size_t page = features.page_size;
	unsigned char *memory = map_memory(2 * page, PROT_READ | PROT_WRITE);
	const unsigned char *to;
	struct iovec iov[PAGES] = { { buffer_page(&s->buffer, 1), page }, { memory, page },
				    { memory + page, page }, { buffer_page(&s->buffer, 0), page } };
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = PAGES };
	struct io_uring_sqe *sqe = request(s, OP_SENDMSG_ZC, self->connection.sender);

	write_page(memory, s->buffer.serial, 2, BY_OTHER);
	sqe->addr = (uintptr_t)&message;
	sqe->len = 1;
	expect_sent(s, PAGES * page);
	to = connection_receive(&self->connection, PAGES);
	expect_notified(s);
	set_rule(RULE_SEND_HOLDS_PAGE);
	expect_bytes(to, s->buffer.serial, 1, BY_OWNER, "bytes of page 1");
	expect_bytes(to + page, s->buffer.serial, 2, BY_OTHER, "bytes from memory");
	expect_zeros(to + 2 * page, "the part of the hole");
	expect_bytes(to + 3 * page, s->buffer.serial, 0, BY_OWNER, "bytes of page 0");
}

SCENARIO(send_zc, contrast,
	 "send(2) has copied the bytes: what the owner writes afterwards does not arrive, and the "
	 "pages can be migrated at once")
{
	struct story *s = &self->story;

	story_make_writable(s);
	connection_block(&self->connection);
	set_rule(RULE_SEND_HOLDS_PAGE);
	expect_result("bytes sent",
		      errno_of(send(self->connection.sender, s->buffer.addr, s->buffer.size, 0)),
		      s->buffer.size);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER_AGAIN);
	expect_unpinned(s);
	expect_received(self, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_send_zc", argc, argv);
}
