// SPDX-License-Identifier: GPL-2.0
/* What holds references and pins: pipes and gup_test; and O_DIRECT. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "explore/world.h"
#include "kernel/kernel.h"
#include "report/report.h"
#include "see/pin.h"

enum mm_holder op_holder(const struct op *op)
{
	return op->row->holder + op->option[0];
}

bool op_is_held(const struct mm_model *m, const struct op *op)
{
	return m->hold[op_holder(op)].used;
}

void op_expect_hold(struct mm_model *m, const struct op *op, struct step *step,
		    struct mm_access access, long done)
{
	const enum mm_denial denial = mm_access(m, MM_OWNER, op->first, access);

	step->result = denial == MM_BUSY ? -EBUSY : denial ? -EFAULT : done;
	/* A page of ZONE_MOVABLE that cannot be moved: migrate_longterm_unpinnable_folios(). */
	step->either = denial == MM_BUSY;
	step->other = -ENOMEM;
	step->may = MAY_BUSY;
	if (!denial)
		mm_hold(m, op_holder(op), op->first, access.pin);
}

void op_expect_let_go(struct mm_model *m, const struct op *op, struct step *step)
{
	(void)step;
	mm_let_go(m, op_holder(op));
}

static bool splice_possible(const struct mm_model *m, const struct op *op)
{
	return !op_is_held(m, op);
}

static void expect_splice(struct mm_model *m, const struct op *op, struct step *step)
{
	/* iter_to_pipe(): iov_iter_get_pages2() */
	op_expect_hold(m, op, step, (struct mm_access){ .gup = true }, features.page_size);
}

static long act_splice(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	struct iovec iov = { world_page(op->first), features.page_size };
	int *ends = world.held_pipe[op->option[0]];
	long result;

	(void)buffer;
	(void)arg;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		not_prepared("pipe: %s", strerror(errno));
	result = errno_of(vmsplice(ends[1], &iov, 1, SPLICE_F_NONBLOCK));
	if (result < 0) {
		close(ends[0]);
		close(ends[1]);
		ends[0] = -1;
	}
	return result;
}

static long act_drain(const struct buffer *buffer, long arg)
{
	int *ends = world.held_pipe[world.desk->op.option[0]];

	(void)buffer;
	(void)arg;
	close(ends[0]);
	close(ends[1]);
	ends[0] = -1;
	return 0;
}

static bool pin_possible(const struct mm_model *m, const struct op *op)
{
	return m->kernel.pin_stays && !op_is_held(m, op);
}

static void expect_pin(struct mm_model *m, const struct op *op, struct step *step)
{
	op_expect_hold(m, op, step,
		       (struct mm_access){ .write = op->option[2], .gup = true, .pin = true,
					   .longterm = true }, 0);
}

static long act_pin(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	const int held = pin_hold(op->option[1], op->option[2], world_page(op->first), 1);

	(void)buffer;
	(void)arg;
	if (held < 0)
		return held;
	world.held_pin = held;
	return 0;
}

static long act_unpin(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	pin_drop(world.held_pin);
	world.held_pin = -1;
	return 0;
}

void op_prepare_medium(struct mm_model *m, int page, bool from_medium, struct step *step)
{
	if (!from_medium && m->medium[page] >= 0)
		return;
	step->medium = mm_new_content(m);
	m->medium[page] = step->medium;
}

void op_put_on_medium(int page, int content)
{
	memcpy(world.scratch, world_template(content), features.page_size);
	if (pwrite(world.medium.fd, world.scratch, features.page_size,
		   page * features.page_size) != (ssize_t)features.page_size)
		not_prepared("the medium cannot be written: %s", strerror(errno));
}

static bool dio_possible(const struct mm_model *m, const struct op *op)
{
	(void)op;
	return m->kernel.medium;
}

static void expect_dio(struct mm_model *m, const struct op *op, struct step *step)
{
	const bool to_memory = !op->option[0];
	const struct mm_access access = { .write = to_memory, .gup = true,
					  .pin = m->kernel.dio_pins };
	enum mm_denial denial;

	op_prepare_medium(m, op->first, to_memory, step);
	denial = mm_access(m, op->who, op->first, access);
	step->result = denial ? -EFAULT : (long)features.page_size;
	if (denial)
		return;
	if (to_memory)
		mm_store(m, op->who, op->first, step->medium);
	else if (mm_effect(m, EFFECT_TO_MEDIUM))
		m->medium[op->first] = mm_content(m, op->who, op->first);
}

static void prepare_dio(const struct op *op, const struct step *step)
{
	if (step->medium)
		op_put_on_medium(op->first, step->medium);
}

static long act_dio(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	void *addr = world_page(op->first);

	(void)buffer;
	(void)arg;
	if (op->option[0])
		return errno_of(pwrite(world.medium.fd, addr, features.page_size,
				       op->first * features.page_size));
	return errno_of(pread(world.medium.fd, addr, features.page_size,
			      op->first * features.page_size));
}

static const struct op_row rows[] = {
	{ .name = "splice",
	  .what = "vmsplice(2) of the owner's page into a pipe, which keeps it: FOLL_GET",
	  .options = { "a|b" }, .pages = PAGES_ONE, .weight = 4, .rule = RULE_GET_LEAVES_SHARED,
	  .holder = HOLD_PIPE, .possible = splice_possible, .expect = expect_splice,
	  .act = act_splice },
	{ .name = "drain",
	  .what = "the pipe is closed: put_page()",
	  .options = { "a|b" }, .weight = 4, .rule = RULE_PIN_ENDS_WITH_HOLDER,
	  .holder = HOLD_PIPE, .possible = op_is_held, .expect = op_expect_let_go,
	  .act = act_drain },
	{ .name = "pin",
	  .what = "gup_test pins the owner's page and keeps it: FOLL_PIN | FOLL_LONGTERM",
	  .options = { "long", "slow|fast", "read|write" }, .pages = PAGES_ONE, .weight = 5,
	  .rule = RULE_LONGTERM_LEAVES_DEVICE, .holder = HOLD_PIN, .possible = pin_possible,
	  .expect = expect_pin, .act = act_pin },
	{ .name = "unpin",
	  .what = "gup_test drops its pin: unpin_user_pages()",
	  .weight = 4, .rule = RULE_PIN_ENDS_WITH_HOLDER, .holder = HOLD_PIN,
	  .possible = op_is_held, .expect = op_expect_let_go, .act = act_unpin },
	{ .name = "dio",
	  .what = "read(2), write(2) with an O_DIRECT file: bio_iov_iter_get_pages()",
	  .options = { "read|write" }, .pages = PAGES_ONE, .names_process = true, .weight = 5,
	  .uses_medium = true, .rule = RULE_BYTES_ARRIVE, .possible = dio_possible,
	  .expect = expect_dio, .prepare = prepare_dio, .act = act_dio },
};

const struct op_row *op_hold_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
