// SPDX-License-Identifier: GPL-2.0
#include "cell/make.h"

#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "report/result.h"
#include "report/rules.h"
#include "see/zone.h"

static void need_what_it_needs(const struct cell *cell)
{
	const struct cell_env *env = cell->env;
	const unsigned int needs = cell->access->needs | cell->mapping->needs;
	const struct {
		bool have;
		enum skip_id skip;
	} rows[NEED_COUNT] = {
		[NEED_FILE] = { env->has_file, SKIP_NO_DIR },
		[NEED_RAW] = { env->has_raw, SKIP_NO_RAW },
		[NEED_RING] = { env->has_ring, SKIP_NO_IO_URING },
		[NEED_GUP_TEST] = { env->has_gup_test, SKIP_NO_GUP_TEST },
		[NEED_STAYING_PINS] = { features.pin_stays, SKIP_NO_STAYING_PINS },
		[NEED_UFFD_WP] = { features.uffd_wp, SKIP_NO_UFFD_WP },
		[NEED_SOFT_DIRTY] = { features.soft_dirty, SKIP_NO_SOFT_DIRTY },
	};
	int i;

	for (i = 0; i < NEED_COUNT; i++)
		need(!(needs & BIT(i)) || rows[i].have, rows[i].skip);
	if (cell->place == PLACE_MOVABLE)
		need_movable();
}

void cell_make(struct cell *cell, struct cell_env *env)
{
	const size_t pages = extent_row(cell->extent)->pages;
	size_t i;

	cell->env = env;
	cell->uffd = -1;
	cell->held = -1;
	cell->held_other = -1;
	need_what_it_needs(cell);
	buffer_map(&cell->buffer, pages, cell->place);
	for (i = 0; i < pages; i++)
		if (!cell_leaves_hole(cell, i))
			buffer_write(&cell->buffer, i, 1, BY_OWNER);
	cell->got = memset(env->got, 0xee, cell->buffer.size);
	cell->mapping->make(cell);
	if (cell_medium(cell))
		medium_write(cell_medium(cell), cell->buffer.serial, pages, BY_MEDIUM);
}

void cell_end(struct cell *cell)
{
	if (cell->held >= 0)
		cell->access->hold_drop(cell);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	if (cell->env->has_ring)
		expect_result("unregistering the buffer", ring_unregister(&cell->env->ring), 0);
	if (cell->uffd >= 0)
		close(cell->uffd);
	child_leave(&cell->child);
	buffer_unmap(&cell->buffer);
}
