// SPDX-License-Identifier: GPL-2.0
/* O_DIRECT transfers that are begun, and land some operations later. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore/world.h"
#include "kernel/kernel.h"
#include "report/report.h"

static bool begin_possible(const struct mm_model *m, const struct op *op)
{
	(void)op;
	return m->kernel.slow && !m->hold[HOLD_FLIGHT].used;
}

/* blkdev_direct_IO(), bio_iov_iter_get_pages(): it takes its references when it is submitted. */
static void expect_begin(struct mm_model *m, const struct op *op, struct step *step)
{
	const bool to_memory = !op->option[0];
	const struct mm_access access = { .write = to_memory, .gup = true,
					  .pin = m->kernel.dio_pins };

	if (to_memory) {
		m->slow = mm_new_content(m);
		step->medium = m->slow;
	}
	if (mm_access(m, MM_OWNER, op->first, access)) {
		step->result = -EFAULT;
		return;
	}
	mm_hold(m, HOLD_FLIGHT, op->first, access.pin);
	m->hold[HOLD_FLIGHT].to_memory = to_memory;
}

static void prepare_begin(const struct op *op, const struct step *step)
{
	(void)op;
	if (!step->medium)
		return;
	memcpy(world.scratch, world_template(step->medium), features.page_size);
	if (pwrite(world.slow.fd, world.scratch, features.page_size, 0) !=
	    (ssize_t)features.page_size)
		not_prepared("the slow medium cannot be written: %s", strerror(errno));
}

static long act_begin(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	long result;

	(void)buffer;
	(void)arg;
	/* To suspend a device takes longer than a refused transfer. */
	if (!world.desk->step.result &&
	    !dm_suspend(&world.suspension, getenv("HMM_COHERENT_SLOW")))
		not_prepared("HMM_COHERENT_SLOW cannot be suspended");
	result = transfer_start_in(&world.transfer, world.transfers, world.slow.fd, op->option[0],
				   world_page(op->first), features.page_size);
	if (result)
		dm_resume(&world.suspension);
	else
		world.in_flight = true;
	return result;
}

static bool land_possible(const struct mm_model *m, const struct op *op)
{
	(void)op;
	return m->hold[HOLD_FLIGHT].used;
}

/* The bytes go to and from the page that is referenced, whatever the owner maps now. */
static void expect_land(struct mm_model *m, const struct op *op, struct step *step)
{
	const struct mm_hold *hold = &m->hold[HOLD_FLIGHT];

	(void)op;
	step->result = features.page_size;
	if (!hold->to_memory) {
		step->reads = true;
		m->slow = mm_effect(m, EFFECT_TO_MEDIUM) ? m->frame[hold->frame].content : 0;
		step->medium = m->slow;
	} else if (mm_effect(m, EFFECT_STORE)) {
		m->frame[hold->frame].content = m->slow;
	}
	mm_let_go(m, HOLD_FLIGHT);
}

static long act_land(const struct buffer *buffer, long arg)
{
	struct desk *desk = world.desk;
	long result;

	(void)buffer;
	(void)arg;
	transfer_prove_in_flight(&world.transfer, &world.suspension);
	dm_resume(&world.suspension);
	world.in_flight = false;
	result = transfer_finish(&world.transfer);
	if (!desk->step.reads || result < 0)
		return result;
	if (pread(world.slow.fd, world.scratch, features.page_size, 0) !=
	    (ssize_t)features.page_size)
		not_prepared("the slow medium cannot be read: %s", strerror(errno));
	desk->content[0] = desk->step.medium;
	return world_compared(world.scratch, result);
}

static const struct op_row rows[] = {
	{ .name = "begin",
	  .what = "O_DIRECT between the owner's page and a suspended device: blkdev_direct_IO()",
	  .options = { "read|write" }, .pages = PAGES_ONE, .weight = 1,
	  .rule = RULE_PIN_FOLLOWS_OWNER, .possible = begin_possible, .expect = expect_begin,
	  .prepare = prepare_begin, .act = act_begin },
	{ .name = "land",
	  .what = "the device is resumed, and the transfer completes: bio_release_pages()",
	  .weight = 6, .rule = RULE_BYTES_ARRIVE, .possible = land_possible,
	  .expect = expect_land, .act = act_land },
};

const struct op_row *op_flight_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
