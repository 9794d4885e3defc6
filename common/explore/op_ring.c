// SPDX-License-Identifier: GPL-2.0
/* Registered buffers of io_uring, which pin the owner's pages. */
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "explore/world.h"
#include "kernel/kernel.h"
#include "report/report.h"

/* linux/io_uring.h has it since 6.12. */
#define REGISTER_CLONE_BUFFERS 30
struct clone_buffers {
	__u32 src_fd, flags, src_off, dst_off, nr, pad[3];
};

/* Until a worker of the kernel has released a buffer that was replaced. */
#define RELEASE_S 20

/* The ring that the first word does not name. */
static enum mm_holder other_of(const struct op *op)
{
	return op->option[0] ? HOLD_FIXED : HOLD_FIXED_2;
}

static bool register_possible(const struct mm_model *m, const struct op *op)
{
	return m->kernel.ring && !op_is_held(m, op);
}

/* io_pin_pages(): FOLL_WRITE | FOLL_LONGTERM */
static const struct mm_access for_buffer = {
	.write = true, .gup = true, .pin = true, .longterm = true,
};

/*
 * Before 6.5 io_pin_pages() refuses a mapping of a file, after it has pinned the page.
 */
static void expect_buffer(struct mm_model *m, const struct op *op, struct step *step, long done)
{
	const bool refused = mm_page_of(m, MM_OWNER, op->first)->file && !m->kernel.file_buffers;
	const struct mm_hold old = m->hold[op_holder(op)];

	op_expect_hold(m, op, step, for_buffer, done);
	if (!refused || step->result != done)
		return;
	mm_let_go(m, op_holder(op));
	m->hold[op_holder(op)] = old;
	step->result = -EOPNOTSUPP;
}

static void expect_register(struct mm_model *m, const struct op *op, struct step *step)
{
	expect_buffer(m, op, step, 0);
}

static long act_register(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;

	(void)buffer;
	(void)arg;
	return ring_register(&world.ring[op->option[0]], world_page(op->first),
			     features.page_size);
}

static long act_unregister(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return ring_unregister(&world.ring[world.desk->op.option[0]]);
}

/*
 * __io_sqe_buffers_update(): the new page is pinned before the old one is released.
 * If it cannot be pinned, the old buffer stays.
 */
static void expect_update(struct mm_model *m, const struct op *op, struct step *step)
{
	const struct mm_hold old = m->hold[op_holder(op)];

	/* how many buffers are updated */
	expect_buffer(m, op, step, 1);
	if (step->result == 1)
		mm_let_go_of(m, &old);
	step->page = mm_registered(m);
}

/*
 * Up to 6.8 a worker releases the old page, and counts it off in VmPin then
 * (io_rsrc_node_switch(), io_buffer_unmap()).
 */
static bool is_released(void *most)
{
	return read_counter("/proc/self/status", "VmPin") * 1024 <= *(long *)most;
}

static long act_update(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	struct ring *ring = &world.ring[op->option[0]];
	const struct iovec iov = { world_page(op->first), features.page_size };
	const int result = io_uring_register_buffers_update_tag(&ring->uring, 0, &iov, NULL, 1);
	long most = world.desk->step.page * (long)features.page_size;

	world_await_rings();
	(void)buffer;
	(void)arg;
	if (result != 1 || is_released(&most))
		return result;
	ring_release_replaced(ring);
	return wait_until(is_released, &most, RELEASE_S) ? result : -ETIME;
}

/* One for each ring, so that they wait for the same grace period. */
static struct retiring {
	pthread_t thread;
	bool runs;
} retiring[2];

static void *unregister(void *ring)
{
	return ring_unregister(ring) ? NULL : ring;
}

void world_await_rings(void)
{
	void *done;
	int i;

	for (i = 0; i < 2; i++) {
		if (!retiring[i].runs)
			continue;
		retiring[i].runs = false;
		if (pthread_join(retiring[i].thread, &done) || !done)
			not_prepared("a buffer cannot be unregistered");
	}
}

void world_retire_rings(void)
{
	int i;

	world_await_rings();
	for (i = 0; i < 2; i++) {
		const struct ring used = world.ring[i];

		if (!used.registered)
			continue;
		world.ring[i] = world.spare[i];
		world.spare[i] = used;
		retiring[i].runs = !pthread_create(&retiring[i].thread, NULL, unregister,
						   &world.spare[i]);
		if (!retiring[i].runs)
			not_prepared("no thread");
	}
}

static bool clone_possible(const struct mm_model *m, const struct op *op)
{
	return m->kernel.clones && op_is_held(m, op) && !m->hold[other_of(op)].used;
}

/* io_clone_buffers(): both rings have the same buffer, which is pinned once. */
static void expect_clone(struct mm_model *m, const struct op *op, struct step *step)
{
	(void)step;
	mm_clone_hold(m, op_holder(op), other_of(op));
}

static long act_clone(const struct buffer *buffer, long arg)
{
	const int from = world.desk->op.option[0];
	struct clone_buffers clone = { .src_fd = world.ring[from].uring.ring_fd };
	struct ring *to = &world.ring[!from];

	(void)buffer;
	(void)arg;
	if (syscall(SYS_io_uring_register, to->uring.ring_fd, REGISTER_CLONE_BUFFERS, &clone, 1))
		return -errno;
	to->registered = true;
	return 0;
}

static bool fixed_transfer_possible(const struct mm_model *m, const struct op *op)
{
	return m->kernel.medium && op_is_held(m, op);
}

/* The bytes go to and from the page that is pinned, whatever the owner maps now. */
static void expect_fixed(struct mm_model *m, const struct op *op, struct step *step)
{
	struct mm_hold *hold = &m->hold[op_holder(op)];

	step->result = features.page_size;
	step->page = hold->page;
	op_prepare_medium(m, 0, !op->option[1], step);
	if (!op->option[1]) {
		if (mm_effect(m, EFFECT_STORE))
			m->frame[hold->frame].content = step->medium;
	} else if (mm_effect(m, EFFECT_TO_MEDIUM)) {
		m->medium[0] = m->frame[hold->frame].content;
	}
}

static void prepare_fixed(const struct op *op, const struct step *step)
{
	(void)op;
	if (step->medium)
		op_put_on_medium(0, step->medium);
}

static long act_fixed(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;

	(void)buffer;
	(void)arg;
	return ring_transfer(&world.ring[op->option[0]],
			     op->option[1] ? RING_WRITE_FIXED : RING_READ_FIXED, world.medium.fd,
			     world_page(world.desk->step.page), features.page_size);
}

static const struct op_row rows[] = {
	{ .name = "register",
	  .what = "io_uring registers the owner's page: io_pin_pages()",
	  .options = { "a|b" }, .pages = PAGES_ONE, .weight = 4,
	  .rule = RULE_LONGTERM_LEAVES_DEVICE, .holder = HOLD_FIXED,
	  .possible = register_possible,
	  .expect = expect_register, .act = act_register },
	{ .name = "update",
	  .what = "IORING_REGISTER_BUFFERS_UPDATE: __io_sqe_buffers_update(), io_pin_pages()",
	  .options = { "a|b" }, .pages = PAGES_ONE, .weight = 4,
	  .rule = RULE_LONGTERM_LEAVES_DEVICE, .holder = HOLD_FIXED, .possible = op_is_held,
	  .expect = expect_update, .act = act_update },
	{ .name = "clone",
	  .what = "IORING_REGISTER_CLONE_BUFFERS to the other ring: io_clone_buffers()",
	  .options = { "a|b" }, .weight = 2, .rule = RULE_PIN_ENDS_WITH_HOLDER,
	  .holder = HOLD_FIXED, .possible = clone_possible, .expect = expect_clone,
	  .act = act_clone },
	{ .name = "unregister",
	  .what = "io_uring unregisters the page: io_buffer_unmap()",
	  .options = { "a|b" }, .weight = 4, .rule = RULE_PIN_ENDS_WITH_HOLDER,
	  .holder = HOLD_FIXED, .possible = op_is_held, .expect = op_expect_let_go,
	  .act = act_unregister },
	{ .name = "fixed",
	  .what = "READ_FIXED, WRITE_FIXED with an O_DIRECT file: io_import_fixed()",
	  .options = { "a|b", "read|write" }, .weight = 4, .rule = RULE_PIN_FOLLOWS_OWNER,
	  .uses_medium = true, .holder = HOLD_FIXED,
	  .possible = fixed_transfer_possible, .expect = expect_fixed,
	  .prepare = prepare_fixed, .act = act_fixed },
};

const struct op_row *op_ring_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
