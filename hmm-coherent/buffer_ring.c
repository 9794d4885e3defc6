// SPDX-License-Identifier: GPL-2.0
/* Ring-mapped provided buffers: which one a request gets, how much is consumed, what is refused */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/ring.h"
#include "story/story.h"

#define PAGES 3
#define ENTRIES 8
#define GROUP 5
#define FIRST 7			/* ID of the first buffer */
#define SOME 100		/* bytes, less than a page */

#define RING_INC 2		/* IOU_PBUF_RING_INC of 6.12 */
#define BUFFER_RING_STATUS 26	/* IORING_REGISTER_PBUF_STATUS of 6.8 */
#define MORE BIT(4)		/* IORING_CQE_F_BUF_MORE */

struct ring_registration {	/* struct io_uring_buf_reg */
	__u64 addr;
	__u32 entries;
	__u16 group, flags;
	__u64 reserved[3];
};

FIXTURE(buffer_ring)
{
	struct story story;
	struct io_uring_buf_ring *entries;
	int pipe[2];
};

FIXTURE_VARIANT(buffer_ring)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(buffer_ring, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(buffer_ring, system) { .place = PLACE_SYSTEM };

WHY_NOT(buffer_ring)
{
	if (strstr("consumed_in_parts of_a_file at_the_end", test) &&
	    !kernel_has(CHANGE_BUFFER_RING_INC))
		return "this kernel consumes whole buffers only (before 6.12)";
	if (!strcmp(test, "kept_without_data") && !kernel_has(CHANGE_PIPE_NOWAIT))
		return "pipes of this kernel have no RWF_NOWAIT (before 6.4)";
	return NULL;
}

FIXTURE_SETUP(buffer_ring)
{
	story_begin(&self->story, variant->place, false, PAGES);
	story_ring(&self->story);
	self->entries = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	if (pipe2(self->pipe, O_CLOEXEC | O_NONBLOCK))
		syscall_failed("pipe2", errno);
}

FIXTURE_TEARDOWN(buffer_ring)
{
	close(self->pipe[0]);
	if (self->pipe[1] >= 0)
		close(self->pipe[1]);
	story_end(&self->story);
	unmap_memory(self->entries, features.page_size);
}

static long call(FIXTURE_DATA(buffer_ring)(*self), unsigned int opcode, void *arg,
		 unsigned int count)
{
	return errno_of(syscall(SYS_io_uring_register, self->story.ring.uring.ring_fd, opcode, arg,
				count));
}

static long register_ring(FIXTURE_DATA(buffer_ring)(*self), __u32 entries, __u16 group, __u16 flags)
{
	struct ring_registration ring = { .addr = (uintptr_t)self->entries, .entries = entries,
					  .group = group, .flags = flags };

	return call(self, IORING_REGISTER_PBUF_RING, &ring, 1);
}

static long unregister_ring(FIXTURE_DATA(buffer_ring) (*self), __u16 group)
{
	struct ring_registration ring = { .group = group };

	return call(self, IORING_UNREGISTER_PBUF_RING, &ring, 1);
}

/* Register a ring with one buffer for each page of the story. */
static void begin(FIXTURE_DATA(buffer_ring) (*self), __u16 flags)
{
	struct io_uring_buf_ring *entries = self->entries;
	size_t i;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("IORING_REGISTER_PBUF_RING", register_ring(self, ENTRIES, GROUP, flags), 0);
	for (i = 0; i < PAGES; i++) {
		entries->bufs[i].addr = (uintptr_t)buffer_page(&self->story.buffer, i);
		entries->bufs[i].len = features.page_size;
		entries->bufs[i].bid = FIRST + i;
	}
	__atomic_store_n(&entries->tail, PAGES, __ATOMIC_RELEASE);
	set_rule(RULE_RING_OF_BUFFERS);
}

/*
 * Read @size bytes from offset 0 of @from, with the RWF_ flags @how, into the
 * buffer that the ring selects.
 */
static long read_from(FIXTURE_DATA(buffer_ring) (*self), int from, size_t size, int how,
		      unsigned int *flags)
{
	struct io_uring *uring = &self->story.ring.uring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
	struct io_uring_cqe *cqe;
	long result;
	int error;

	if (!sqe)
		broken("the submission queue is full");
	io_uring_prep_read(sqe, from, NULL, size, 0);
	sqe->rw_flags = how;
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	if (io_uring_submit(uring) != 1)
		syscall_failed("io_uring_submit", EIO);
	error = ring_wait(&self->story.ring, &cqe, 20);
	if (error)
		syscall_failed("io_uring_wait_cqe", -error);
	result = cqe->res;
	*flags = cqe->flags;
	io_uring_cqe_seen(uring, cqe);
	return result;
}

static long read_into(FIXTURE_DATA(buffer_ring) (*self), size_t size, int how, unsigned int *flags)
{
	return read_from(self, self->pipe[0], size, how, flags);
}

/* Write @size bytes of the pattern of page @page, from @offset on, into the pipe. */
static void feed(FIXTURE_DATA(buffer_ring) (*self), size_t page, size_t offset, size_t size)
{
	static unsigned char bytes[65536] __aligned(8);

	write_page(bytes, self->story.buffer.serial, page, BY_MEDIUM);
	if (write(self->pipe[1], bytes + offset, size) != (ssize_t)size)
		not_prepared("the pipe does not take %zu bytes", size);
}

/* A read that was to get @size bytes in buffer @page; are there more bytes in it? */
static void expect_selected(size_t page, unsigned int flags, bool more)
{
	expect_result("flag for a buffer", flags & IORING_CQE_F_BUFFER, IORING_CQE_F_BUFFER);
	expect_result("ID of the buffer", flags >> IORING_CQE_BUFFER_SHIFT, FIRST + page);
	expect_result("flag for a rest of the buffer", flags & MORE, more ? MORE : 0);
}

static void expect_read(FIXTURE_DATA(buffer_ring) (*self), size_t page, size_t size, bool more)
{
	unsigned int flags;

	expect_result("bytes read", read_into(self, size, 0, &flags), size);
	expect_selected(page, flags, more);
}

static void expect_filled(FIXTURE_DATA(buffer_ring) (*self), size_t page)
{
	expect_owner_sees(&self->story, page, BY_MEDIUM);
	expect_stays(&self->story, page);
}

SCENARIO(buffer_ring, in_order,
	 "reads use the buffers in the order of the ring, a whole buffer each, in place; without a "
	 "buffer left they return ENOBUFS")
{
	unsigned int flags;
	size_t i;

	begin(self, 0);
	for (i = 0; i < PAGES; i++) {
		feed(self, i, 0, features.page_size);
		expect_read(self, i, features.page_size, false);
		expect_filled(self, i);
	}
	feed(self, 0, 0, SOME);
	expect_result("a read without a buffer", read_into(self, SOME, 0, &flags), -ENOBUFS);
}

SCENARIO(buffer_ring, used_again,
	 "a buffer that is put into the ring again is used again, also behind the end of the ring")
{
	struct io_uring_buf_ring *entries = self->entries;
	const __u16 mask = ENTRIES - 1;
	size_t i;

	begin(self, 0);
	for (i = 0; i < 3 * ENTRIES; i++) {
		const size_t page = i % PAGES, at = (PAGES + i) & mask;

		feed(self, page, 0, features.page_size);
		expect_read(self, page, features.page_size, false);
		entries->bufs[at].addr = (uintptr_t)buffer_page(&self->story.buffer, page);
		entries->bufs[at].len = features.page_size;
		entries->bufs[at].bid = FIRST + page;
		__atomic_store_n(&entries->tail, PAGES + i + 1, __ATOMIC_RELEASE);
	}
	for (i = 0; i < PAGES; i++)
		expect_filled(self, i);
}

SCENARIO(buffer_ring, kept_without_data,
	 "a read from an empty pipe with RWF_NOWAIT returns EAGAIN and does not use up a buffer")
{
	unsigned int flags;
	int i;

	begin(self, 0);
	for (i = 0; i < 5; i++)
		expect_result("a read from an empty pipe",
			      read_into(self, SOME, RWF_NOWAIT, &flags), -EAGAIN);
	feed(self, 0, 0, features.page_size);
	expect_read(self, 0, features.page_size, false);
	expect_filled(self, 0);
}

SCENARIO(buffer_ring, short_read,
	 "a read of less than a buffer uses up the buffer, and changes only the bytes that it has "
	 "read")
{
	struct story *s = &self->story;
	const unsigned char *rest = s->buffer.addr + SOME;
	static unsigned char before[65536];

	memcpy(before, s->buffer.addr, features.page_size);
	begin(self, 0);
	feed(self, 0, 0, SOME);
	expect_read(self, 0, SOME, false);
	expect(!memcmp(rest, before + SOME, features.page_size - SOME),
	       "bytes behind the end of the read have changed");
	feed(self, 1, 0, features.page_size);
	expect_read(self, 1, features.page_size, false);
	expect_filled(self, 1);
}

SCENARIO(buffer_ring, consumed_in_parts,
	 "with IOU_PBUF_RING_INC a read consumes the part of the buffer that it has filled, and "
	 "the next one continues there")
{
	const size_t rest = features.page_size - 2 * SOME;
	__u32 status[10] = { GROUP };	/* struct io_uring_buf_status */

	begin(self, RING_INC);
	feed(self, 0, 0, SOME);
	expect_read(self, 0, SOME, true);
	feed(self, 0, SOME, SOME);
	expect_read(self, 0, SOME, true);
	feed(self, 0, 2 * SOME, rest);
	expect_read(self, 0, rest, false);
	expect_filled(self, 0);
	feed(self, 1, 0, features.page_size);
	expect_read(self, 1, features.page_size, false);
	expect_filled(self, 1);
	expect_result("the state of the ring", call(self, BUFFER_RING_STATUS, status, 1), 0);
	expect_result("buffers of it that are used up", status[1], 2);
}

SCENARIO(buffer_ring, of_a_file,
	 "with IOU_PBUF_RING_INC a read of a file says that it has left a rest of the buffer, and "
	 "the next one continues there")
{
	const int file = memfd_create("buffer-ring", MFD_CLOEXEC);
	const struct buffer *buffer = &self->story.buffer;
	const ssize_t size = features.page_size;
	unsigned char *other = buffer_page(buffer, 1);
	unsigned int flags;

	if (file < 0 || pwrite(file, other, size, 0) != size)
		syscall_failed("memfd_create", errno);
	begin(self, RING_INC);
	expect_result("bytes read", read_from(self, file, SOME, 0, &flags), SOME);
	expect_selected(0, flags, true);
	expect_result("bytes read", read_from(self, file, size - SOME, 0, &flags), size - SOME);
	expect_selected(0, flags, false);
	close(file);
	expect(!memcmp(buffer->addr, other, SOME) && !memcmp(buffer->addr + SOME, other, SOME),
	       "the second read did not continue behind the first");
}

SCENARIO(buffer_ring, at_the_end,
	 "with IOU_PBUF_RING_INC a read at the end of a pipe returns 0 and leaves the buffer with "
	 "the kernel")
{
	unsigned int flags;

	begin(self, RING_INC);
	close(self->pipe[1]);
	self->pipe[1] = -1;
	expect_result("bytes read", read_into(self, SOME, 0, &flags), 0);
	expect_selected(0, flags, true);
}

SCENARIO(buffer_ring, larger_than_the_buffer,
	 "a read of more than a buffer fills that buffer and stops at its end")
{
	const size_t size = features.page_size;
	unsigned int flags;

	begin(self, 0);
	feed(self, 0, 0, size);
	feed(self, 1, 0, size);
	expect_result("bytes read", read_into(self, 2 * size, 0, &flags), size);
	expect_selected(0, flags, false);
	expect_filled(self, 0);
	expect_owner_sees(&self->story, 1, BY_OWNER);
}

SCENARIO(buffer_ring, of_no_memory,
	 "a buffer that cannot be written makes the read fail with EFAULT; the other pages keep "
	 "their bytes")
{
	struct story *s = &self->story;
	unsigned int flags;

	story_protect(s, 0, 1, PROT_NONE);
	begin(self, 0);
	feed(self, 0, 0, features.page_size);
	expect_result("a read into memory without access",
		      read_into(self, features.page_size, 0, &flags), -EFAULT);
	story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, 1, BY_OWNER);
}

SCENARIO(buffer_ring, refused,
	 "a ring whose size is no power of two or too large is EINVAL, a second one of the same "
	 "group EEXIST, the end of one that is not there ENOENT or EINVAL, and single buffers "
	 "cannot be provided to it")
{
	struct io_uring *uring = &self->story.ring.uring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	long result;

	set_rule(RULE_RING_OF_BUFFERS);
	expect_result("a ring of 6 entries", register_ring(self, 6, GROUP, 0), -EINVAL);
	expect_result("a ring of 65536 entries", register_ring(self, 65536, GROUP, 0), -EINVAL);
	expect_result("an unknown flag", register_ring(self, ENTRIES, GROUP, 1 << 15), -EINVAL);
	result = unregister_ring(self, GROUP);
	expect(result == -ENOENT || result == -EINVAL, "the end of no ring returns %ld", result);
	begin(self, 0);
	expect_result("a second ring", register_ring(self, ENTRIES, GROUP, 0), -EEXIST);
	sqe = io_uring_get_sqe(uring);
	io_uring_prep_provide_buffers(sqe, self->story.buffer.addr, features.page_size, 1, GROUP,
				      0);
	if (io_uring_submit(uring) != 1 || ring_wait(&self->story.ring, &cqe, 20))
		syscall_failed("io_uring_submit", EIO);
	expect_result("providing a single buffer", cqe->res, -EINVAL);
	io_uring_cqe_seen(uring, cqe);
	expect_result("the end of the ring", unregister_ring(self, GROUP), 0);
	expect_result("a ring of the same group", register_ring(self, ENTRIES, GROUP, 0), 0);
}

SCENARIO(buffer_ring, fills_its_page,
	 "a ring whose entries fill a page can be registered if nothing is mapped behind the page, "
	 "one of twice the size cannot")
{
	const size_t page = features.page_size;
	const __u32 entries = page / sizeof(struct io_uring_buf);

	unmap_memory(self->entries, page);
	self->entries = map_memory(2 * page, PROT_READ | PROT_WRITE);
	unmap_memory((unsigned char *)self->entries + page, page);
	set_rule(RULE_RING_OF_BUFFERS);
	expect_result("a ring of one page", register_ring(self, entries, GROUP, 0), 0);
	expect_result("its end", unregister_ring(self, GROUP), 0);
	if (entries < 32768)
		expect_result("a ring of two pages", register_ring(self, 2 * entries, GROUP, 0),
			      -EFAULT);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_buffer_ring", argc, argv);
}
