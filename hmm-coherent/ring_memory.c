// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that a program provides to io_uring for the ring itself: its queues, a
 * ring of buffers, a region of wait arguments (S7)
 *
 * The kernel pins it for writing and maps it, so it must be in memory, and the
 * kernel must see what the program writes there later.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "story/registered.h"
#include "story/story.h"

#define PAGES 2

/* The headers may be older. Numbers and layouts are ABI. */
#define SETUP_NO_MMAP BIT(14)
#define REGISTER_MEM_REGION 34
#define ENTER_EXT_ARG_REG BIT(6)
struct region_desc {
	__u64 user_addr, size;
	__u32 flags, id;
	__u64 mmap_offset, reserved[4];
};

struct region_reg {
	__u64 region, flags, reserved[2];
};

/* The kernel reads @flags of it, and refuses unknown ones. */
struct reg_wait {
	struct __kernel_timespec ts;
	__u32 min_wait_usec, flags;
	__u64 sigmask;
	__u32 sigmask_sz, pad[3];
	__u64 pad2[2];
};

FIXTURE(ring_memory)
{
	struct story story;
	const struct provided *kind;
	int ring;		/* a file, or -1 */
	struct io_uring_params params;
};

/* A kind of memory that a program provides. */
struct provided {
	/* Create a ring with the pages of the story. Returns 0 or -errno. */
	int (*create)(FIXTURE_DATA(ring_memory) (*self));
	/* Check that the kernel sees what this process writes there now. */
	void (*expect_seen)(FIXTURE_DATA(ring_memory) (*self));
	off_t offset;		/* of mmap() for such memory, if the kernel allocates it */
};

static int setup(FIXTURE_DATA(ring_memory) (*self), unsigned int flags)
{
	self->params.flags = flags;
	self->ring = errno_of(syscall(SYS_io_uring_setup, 4, &self->params));
	return self->ring < 0 ? self->ring : 0;
}

static void close_ring(FIXTURE_DATA(ring_memory) (*self))
{
	if (self->ring >= 0)
		close(self->ring);
	self->ring = -1;
}

static long enter(FIXTURE_DATA(ring_memory) (*self), unsigned int submit, unsigned int wait,
		  unsigned int flags, unsigned long arg, size_t size)
{
	return errno_of(syscall(SYS_io_uring_enter, self->ring, submit, wait,
				IORING_ENTER_GETEVENTS | flags, arg, size));
}

/*
 * The address of the user's memory is the last field of the offsets; older
 * headers call it resv2.
 */
#define SET_USER_ADDR(offsets, addr) \
	(*(__u64 *)((char *)(&(offsets) + 1) - sizeof(__u64)) = (uintptr_t)(addr))

static unsigned int *queue_field(FIXTURE_DATA(ring_memory) (*self), unsigned int offset)
{
	return (unsigned int *)(self->story.buffer.addr + offset);
}

/* Page 0 has both queues, page 1 the entries of the submission queue. */
static int create_queues(FIXTURE_DATA(ring_memory) (*self))
{
	struct buffer *buffer = &self->story.buffer;
	int error;

	memset(&self->params, 0, sizeof(self->params));
	SET_USER_ADDR(self->params.cq_off, buffer_page(buffer, 0));
	SET_USER_ADDR(self->params.sq_off, buffer_page(buffer, 1));
	error = setup(self, SETUP_NO_MMAP);
	if (error)
		return error;
	/* The kernel begins at 0, and older ones leave the heads and tails as they find them. */
	*queue_field(self, self->params.sq_off.head) = 0;
	*queue_field(self, self->params.sq_off.tail) = 0;
	*queue_field(self, self->params.cq_off.head) = 0;
	*queue_field(self, self->params.cq_off.tail) = 0;
	return 0;
}

static void expect_queues_seen(FIXTURE_DATA(ring_memory) (*self))
{
	const struct io_uring_params *p = &self->params;
	unsigned int *tail = queue_field(self, p->sq_off.tail), *cq_tail, index;
	unsigned int mask = *queue_field(self, p->sq_off.ring_mask);
	struct io_uring_sqe *entries = (void *)buffer_page(&self->story.buffer, 1);
	struct io_uring_cqe *completed = (void *)(self->story.buffer.addr + p->cq_off.cqes);

	index = *tail & mask;
	memset(&entries[index], 0, sizeof(entries[index]));
	entries[index].opcode = IORING_OP_NOP;
	entries[index].user_data = 0x1234 + *tail;
	queue_field(self, p->sq_off.array)[index] = index;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	expect_result("requests submitted", enter(self, 1, 1, 0, 0, 0), 1);
	cq_tail = queue_field(self, p->cq_off.tail);
	must(__atomic_load_n(cq_tail, __ATOMIC_ACQUIRE) == *tail,
	     "%u completions in the queue, for %u requests", *cq_tail, *tail);
	index = (*cq_tail - 1) & *queue_field(self, p->cq_off.ring_mask);
	expect_result("user data of the completion", completed[index].user_data,
		      0x1234 + *tail - 1);
	*queue_field(self, p->cq_off.head) = *cq_tail;
}

#define BUFFERS (PAGES * features.page_size / sizeof(struct io_uring_buf))

static int create_buffer_ring(FIXTURE_DATA(ring_memory) (*self))
{
	struct io_uring_buf_reg reg = {
		.ring_addr = (uintptr_t)self->story.buffer.addr,
		.ring_entries = BUFFERS,
	};

	const int error = io_uring_register_buf_ring(&self->story.ring.uring, &reg, 0);

	if (!error)
		memset(self->story.buffer.addr, 0, self->story.buffer.size);
	return error;
}

/* Add a buffer, and let a request select it. */
static void expect_buffer_ring_seen(FIXTURE_DATA(ring_memory) (*self))
{
	static unsigned char byte;
	struct io_uring_buf_ring *bufs = (void *)self->story.buffer.addr;
	struct ring *ring = &self->story.ring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);
	struct io_uring_cqe *cqe;
	int ends[2], error;

	if (!sqe || pipe2(ends, O_CLOEXEC) || write(ends[1], "x", 1) != 1)
		not_prepared("no pipe to read from");
	io_uring_buf_ring_add(bufs, &byte, 1, 77, BUFFERS - 1, 0);
	io_uring_buf_ring_advance(bufs, 1);
	io_uring_prep_read(sqe, ends[0], NULL, 1, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	byte = 0;
	expect_result("requests submitted", io_uring_submit(&ring->uring), 1);
	error = ring_wait(ring, &cqe, 20);
	if (error)
		syscall_failed("io_uring_wait_cqe", -error);
	expect_result("bytes read", cqe->res, 1);
	expect_result("ID of the selected buffer", cqe->flags >> IORING_CQE_BUFFER_SHIFT, 77);
	expect_result("the byte in the buffer", byte, 'x');
	io_uring_cqe_seen(&ring->uring, cqe);
	close(ends[0]);
	close(ends[1]);
}

static int create_region(FIXTURE_DATA(ring_memory) (*self))
{
	struct region_desc desc = { .user_addr = (uintptr_t)self->story.buffer.addr,
				    .size = self->story.buffer.size, .flags = 1 };
	/* The region holds arguments for waiting; only a ring that is disabled takes it. */
	struct region_reg reg = { .region = (uintptr_t)&desc, .flags = 1 };
	int error;

	memset(&self->params, 0, sizeof(self->params));
	error = setup(self, IORING_SETUP_R_DISABLED);
	if (error)
		syscall_failed("io_uring_setup", -error);
	error = errno_of(syscall(SYS_io_uring_register, self->ring, REGISTER_MEM_REGION, &reg, 1));
	if (!error)
		error = errno_of(syscall(SYS_io_uring_register, self->ring,
					 IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	if (error)
		close_ring(self);
	return error;
}

/* The kernel must see an invalid flag that this process writes into the last page. */
static void expect_region_seen(FIXTURE_DATA(ring_memory) (*self))
{
	const size_t offset = (PAGES - 1) * features.page_size;
	struct reg_wait *wait = (void *)(self->story.buffer.addr + offset);

	memset(wait, 0, sizeof(*wait));
	expect_result("a wait for nothing", enter(self, 0, 0, IORING_ENTER_EXT_ARG |
						  ENTER_EXT_ARG_REG, offset, sizeof(*wait)), 0);
	wait->flags = 0x80;
	expect_result("a wait with an invalid flag", enter(self, 0, 0, IORING_ENTER_EXT_ARG |
							   ENTER_EXT_ARG_REG, offset,
							   sizeof(*wait)), -EINVAL);
}

/* IORING_OFF_PBUF_RING of 6.4 and IORING_MAP_OFF_PARAM_REGION of 6.14. */
static const struct provided queues = { create_queues, expect_queues_seen, IORING_OFF_SQES };
static const struct provided buffer_ring = { create_buffer_ring, expect_buffer_ring_seen,
					     0x80000000 };
static const struct provided region = { create_region, expect_region_seen, 0x20000000 };

FIXTURE_VARIANT(ring_memory)
{
	const struct provided *kind;
	enum place place;
	bool read_only;
};

#define VARIANTS(what) \
	FIXTURE_VARIANT_ADD(ring_memory, what##_coherent_rw) \
	{ .kind = &(what), .place = PLACE_COHERENT }; \
	FIXTURE_VARIANT_ADD(ring_memory, what##_coherent_ro) \
	{ .kind = &(what), .place = PLACE_COHERENT, .read_only = true }; \
	FIXTURE_VARIANT_ADD(ring_memory, what##_private_rw) \
	{ .kind = &(what), .place = PLACE_PRIVATE }; \
	FIXTURE_VARIANT_ADD(ring_memory, what##_system_rw) \
	{ .kind = &(what), .place = PLACE_SYSTEM }

VARIANTS(queues);
VARIANTS(buffer_ring);
VARIANTS(region);

WHY_NOT(ring_memory)
{
	if (variant->kind == &queues && !kernel_has(CHANGE_QUEUES_OF_USER))
		return "io_uring of this kernel allocates the queues itself (6.5)";
	if (variant->kind == &region && !kernel_has(CHANGE_RING_REGION))
		return "io_uring of this kernel has no memory regions (6.13)";
	return NULL;
}

FIXTURE_SETUP(ring_memory)
{
	self->kind = variant->kind;
	self->ring = -1;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	story_ring(&self->story);
}

FIXTURE_TEARDOWN(ring_memory)
{
	close_ring(self);
	story_end(&self->story);
}

/* The pages leave their place, and the kernel uses the pages that this process maps. */
static void expect_created(FIXTURE_DATA(ring_memory) (*self))
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_RING_MEMORY_PINNED);
	must(!self->kind->create(self), "the kernel does not take the memory for a ring");
	for (i = 0; i < PAGES; i++) {
		set_rule(s->place == PLACE_PRIVATE ? RULE_PRIVATE_FAULTS_BACK :
						     RULE_LONGTERM_LEAVES_DEVICE);
		expect_at(s, i, PLACE_SYSTEM);
		expect_mapped(s, i, PERM_RW);
	}
	set_rule(RULE_RING_MEMORY_PINNED);
	self->kind->expect_seen(self);
}

SCENARIO(ring_memory, pinned,
	 "memory for a ring moves to system memory and stays there until the ring is closed; "
	 "read-only memory is refused and stays where it is")
{
	struct story *s = &self->story;
	size_t i;

	if (s->read_only) {
		set_rule(RULE_WRITE_NEEDS_PERMISSION);
		expect_result("a ring in read-only memory", self->kind->create(self), -EFAULT);
		for (i = 0; i < PAGES; i++)
			expect_stays(s, i);
	}
	story_make_writable(s);
	expect_created(self);
	story_remember_frames(s);
	expect_pinned(s);
	set_rule(RULE_RING_MEMORY_PINNED);
	self->kind->expect_seen(self);
	close_ring(self);
	if (self->kind == &buffer_ring)
		expect_result("unregistration",
			      io_uring_unregister_buf_ring(&s->ring.uring, 0), 0);
	expect_unpinned(s);
}

SCENARIO(ring_memory, half_placed, "the same if one of the pages is in system memory already")
{
	struct story *s = &self->story;

	story_make_writable(s);
	device_move_back(&s->device, buffer_page(&s->buffer, PAGES - 1), 1);
	story_remember_frames(s);
	expect_created(self);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_same_frame(s, PAGES - 1);
}

SCENARIO(ring_memory, shared,
	 "a ring in memory that is shared after fork() gets copies; the child keeps its pages and "
	 "bytes")
{
	struct story *s = &self->story;
	size_t i;

	child_fork(&s->child);
	story_make_writable(s);
	expect_created(self);
	set_rule(RULE_SHARED_IS_COPIED);
	for (i = 0; i < PAGES; i++)
		expect_other_frame(s, i);
	set_rule(RULE_NO_LEAK);
	for (i = 0; i < PAGES; i++) {
		if (s->place != PLACE_PRIVATE)
			expect_child_keeps_frame(s, &s->child, i);
		expect_child_sees(s, &s->child, i, BY_OWNER);
	}
}

SCENARIO(ring_memory, forked_afterwards,
	 "after fork() the ring still uses the pages of the process that made it, and the child "
	 "gets copies")
{
	struct story *s = &self->story;
	size_t i;

	story_make_writable(s);
	expect_created(self);
	story_remember_frames(s);
	child_fork(&s->child);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	self->kind->expect_seen(self);
	for (i = 0; i < PAGES; i++) {
		expect_same_frame(s, i);
		expect_child_has_other_frame(s, &s->child, i, PLACE_SYSTEM);
	}
}

/* io_region_validate_mmap(); up to 6.12 io_uring_get_unmapped_area() makes it ENOMEM */
SCENARIO(ring_memory, mapped_through_ring,
	 "mmap() of the ring does not map memory that the program has provided: EINVAL or ENOMEM")
{
	struct story *s = &self->story;
	long result;
	void *at;
	int fd;

	story_make_writable(s);
	expect_created(self);
	fd = self->ring >= 0 ? self->ring : s->ring.uring.ring_fd;
	at = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  self->kind->offset);
	set_rule(RULE_RING_MEMORY_PINNED);
	result = at == MAP_FAILED ? -errno : 0;
	expect(result == -EINVAL || result == -ENOMEM, "mmap() of the ring returns %ld", result);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ring_memory", argc, argv);
}
