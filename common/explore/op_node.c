// SPDX-License-Identifier: GPL-2.0
/* Moves between NUMA nodes: move_pages(2), mbind(2). */
#include <errno.h>
#include <numaif.h>
#include <unistd.h>

#include "explore/world.h"
#include "kernel/kernel.h"

/*
 * Of a file the page of the page cache would move, whose references the model does not
 * know. Up to 6.1 a migration makes a dirty page soft-dirty, also one that fails; and
 * follow_page() does not find a page without permission.
 */
static bool node_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *page = &m->process[op->who].page[op->first];

	return m->kernel.two_nodes &&
	       !(page->file && page->frame >= 0 && m->frame[page->frame].zero) &&
	       !(page->frame >= 0 && m->frame[page->frame].ksm) &&
	       !(m->kernel.move_marks_dirty && page->tracked) &&
	       (page->prot != MM_NONE || m->kernel.walks_for_status);
}

/* do_pages_stat_array(): where is it? Either node, if it is in memory. */
static void expect_node_of(const struct mm_model *m, const struct mm_page *page, struct step *step)
{
	const struct mm_frame *frame = page->frame < 0 ? NULL : &m->frame[page->frame];

	step->other = 1;
	step->may = MAY_NODE;
	if (!page->mapped || (frame && frame->zero))
		step->result = -EFAULT;
	else if (!frame && !page->guard && !page->file && !m->kernel.walks_for_status)
		step->result = -EFAULT;
	else if (!frame || !in_memory(frame->at))
		step->result = -ENOENT;
	else
		step->either = true;
}

/*
 * add_folio_for_migration(), queue_folios_pte_range(): a page of memory that only this
 * process maps moves, unless it is held.
 */
static void expect_to_node(struct mm_model *m, const struct op *op, struct step *step)
{
	const int number = mm_page_of(m, op->who, op->first)->frame;

	expect_node_of(m, mm_page_of(m, op->who, op->first), step);
	if (!step->either || mm_mappings(m, number) > 1 || mm_holders(m, number) ||
	    !mm_effect(m, EFFECT_MOVE))
		return;
	mm_move(m, number, PLACE_SYSTEM);
	m->frame[number].node = op->option[0] + 1;
	step->result = op->option[0];
	step->either = false;
}

static void expect_bind(struct mm_model *m, const struct op *op, struct step *step)
{
	struct mm_page *page = mm_page_of(m, op->who, op->first);

	expect_to_node(m, op, step);
	/* Without a node, the model would only say less: the other one is wrong. */
	if (page->mapped)
		page->node = 1 + (mm_effect(m, EFFECT_ADVISE) ? op->option[0] : !op->option[0]);
}

/* After the move, the kernel says where the page is. */
static long moved(long error)
{
	return error ? error : world_node(0, world.desk->op.first);
}

static long act_node(const struct buffer *buffer, long arg)
{
	const int node = world.desk->op.option[0];
	void *addr = world_page(world.desk->op.first);
	int status;

	(void)buffer;
	(void)arg;
	/* The number of pages that have not moved is no error. */
	return moved(move_pages(0, 1, &addr, &node, &status, MPOL_MF_MOVE) < 0 ? -errno : 0);
}

static long act_bind(const struct buffer *buffer, long arg)
{
	const unsigned long nodes = 1UL << world.desk->op.option[0];

	(void)buffer;
	(void)arg;
	return moved(mbind(world_page(world.desk->op.first), features.page_size, MPOL_BIND, &nodes,
			   8 * sizeof(nodes), MPOL_MF_MOVE) ? -errno : 0);
}

static const struct op_row rows[] = {
	{ .name = "node",
	  .what = "move_pages(2): add_folio_for_migration(), do_pages_stat_array()",
	  .options = { "0|1" }, .pages = PAGES_ONE, .names_process = true, .weight = 2,
	  .rule = RULE_NODES_PASS_OVER, .possible = node_possible, .expect = expect_to_node,
	  .act = act_node },
	{ .name = "bind",
	  .what = "mbind(2) with MPOL_BIND and MPOL_MF_MOVE: queue_folios_pte_range()",
	  .options = { "0|1" }, .pages = PAGES_ONE, .names_process = true, .weight = 2,
	  .rule = RULE_COPY_BY_POLICY, .possible = node_possible, .expect = expect_bind,
	  .act = act_bind },
};

const struct op_row *op_node_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
