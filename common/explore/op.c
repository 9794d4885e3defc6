// SPDX-License-Identifier: GPL-2.0
#include "explore/op.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *who_name(enum mm_who who)
{
	static const char *const names[MM_PROCESSES] = { "owner", "child", "grandchild" };

	return names[who];
}

enum place device_option(int option)
{
	static const enum place places[] = { PLACE_COHERENT, PLACE_REMOTE, PLACE_PRIVATE };

	return places[option];
}

const struct op_row *op_rows(size_t *count)
{
	static const struct op_row *(*const tables[])(size_t *count) = {
		op_map_rows, op_cpu_rows, op_hold_rows, op_ring_rows, op_marks_rows, op_advice_rows,
		op_flight_rows, op_node_rows, op_swap_rows, op_merge_rows,
	};
	static struct op_row all[OP_ROWS_MAX];
	static size_t used;
	size_t i, more = 0;

	for (i = 0; i < ARRAY_SIZE(tables) && (!used || i); i++) {
		const struct op_row *rows = tables[i](&more);

		memcpy(all + used, rows, more * sizeof(all[0]));
		used += more;
	}
	*count = used;
	return all;
}

int op_choices(const struct op_row *row, int number)
{
	const char *c = row->options[number];
	int count = 1;

	if (!c)
		return 0;
	for (; *c; c++)
		count += *c == '|';
	return count;
}

void op_option(const struct op *op, int number, char *text, size_t size)
{
	const char *c = op->row->options[number];
	int skip = op->option[number];

	for (; skip; c++)
		skip -= *c == '|';
	snprintf(text, size, "%.*s", (int)strcspn(c, "|"), c);
}

enum mm_who op_another(const struct mm_model *m, enum mm_who who)
{
	if (who != MM_OWNER)
		return MM_OWNER;
	if (m->process[MM_CHILD].alive)
		return MM_CHILD;
	return m->process[MM_GRANDCHILD].alive ? MM_GRANDCHILD : MM_OWNER;
}

enum mm_who op_next_process(const struct mm_model *m)
{
	return m->process[MM_CHILD].alive ? MM_GRANDCHILD : MM_CHILD;
}

int op_medium_page(const struct op *op)
{
	return op->row->pages == PAGES_NONE ? 0 : op->first;
}

bool op_is_possible(const struct mm_model *m, const struct op *op, bool twin)
{
	if (twin && op->row->to_device)
		return false;
	if (!m->process[op->who].alive)
		return false;
	if (op->row->actor == BY_ANOTHER && op_another(m, op->who) == op->who)
		return false;
	return !op->row->possible || op->row->possible(m, op);
}

int op_other_page(int page)
{
	return (page + MM_BUFFER_PAGES) % MM_PAGES;
}

bool op_is_advised(const struct mm_page *page, struct step *step)
{
	if (!page->mapped)
		step->result = -ENOMEM;
	else if (page->locked)
		step->result = -EINVAL;
	return page->mapped && !page->locked;
}
