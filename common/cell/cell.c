// SPDX-License-Identifier: GPL-2.0
#include "cell/cell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "see/pin.h"

static const struct extent_row extents[EXTENT_COUNT] = {
	[EXTENT_ONE_PAGE] = { "", "one page", 1, MIX_NONE, 0 },
	[EXTENT_MANY_PAGES] = { "many", "several pages", 5, MIX_NONE, 0 },
	[EXTENT_HALF_PLACED] = { "half-placed", "the second half in system memory", 4, MIX_PLACED,
				 0x3 },
	[EXTENT_PLACED_LAST] = { "placed-last", "the first half in system memory", 4, MIX_PLACED,
				 0xc },
	[EXTENT_PLACED_ALTERNATING] = { "placed-alternating", "every other page in system memory",
					4, MIX_PLACED, 0xa },
	[EXTENT_HALF_READ_ONLY] = { "half-ro", "the second half mapped read-only", 4, MIX_READ_ONLY,
				    0xc },
	[EXTENT_READ_ONLY_FIRST] = { "ro-first", "the first half mapped read-only", 4,
				     MIX_READ_ONLY, 0x3 },
	[EXTENT_READ_ONLY_ALTERNATING] = { "ro-alternating", "every other page mapped read-only", 4,
					   MIX_READ_ONLY, 0xa },
	[EXTENT_HOLE_LAST] = { "hole", "the last page never touched", 3, MIX_HOLES, 0x4 },
	[EXTENT_HOLE_FIRST] = { "hole-first", "the first page never touched", 3, MIX_HOLES, 0x1 },
	[EXTENT_HOLE_MIDDLE] = { "hole-middle", "the page in the middle never touched", 3,
				 MIX_HOLES, 0x2 },
};

const struct extent_row *extent_row(enum extent extent)
{
	return &extents[extent];
}

void cell_name(const struct cell *cell, char *name, size_t size)
{
	snprintf(name, size, "%s.%s.%s%s%s", place_name(cell->place), cell->mapping->name,
		 cell->access->name, cell->extent == EXTENT_ONE_PAGE ? "" : ".",
		 extent_row(cell->extent)->name);
}

/* Is page @page one of the special pages of the cell's extent, in the way @mix? */
static bool is_special(const struct cell *cell, enum mix mix, size_t page)
{
	const struct extent_row *row = extent_row(cell->extent);

	return row->mix == mix && row->special & BIT(page);
}

bool cell_leaves_hole(const struct cell *cell, size_t page)
{
	return is_special(cell, MIX_HOLES, page);
}

bool cell_places(const struct cell *cell, size_t page)
{
	if (extent_row(cell->extent)->mix == MIX_PLACED)
		return is_special(cell, MIX_PLACED, page);
	return !cell_leaves_hole(cell, page);
}

bool cell_protects(const struct cell *cell, size_t page)
{
	return extent_row(cell->extent)->mix != MIX_READ_ONLY ||
	       is_special(cell, MIX_READ_ONLY, page);
}

bool cell_is_mixed(const struct cell *cell)
{
	return extent_row(cell->extent)->mix != MIX_NONE;
}

static bool extent_exists(const struct cell *cell)
{
	const enum mix mix = extent_row(cell->extent)->mix;
	const enum reach reach = cell->access->reach;

	if (cell->extent == EXTENT_ONE_PAGE)
		return true;
	/*
	 * Mixed buffers only matter for devices. Buffers of several pages in
	 * system memory have the extent "many" only, as a control group.
	 */
	if (cell->place != PLACE_COHERENT &&
	    !(cell->place == PLACE_SYSTEM && cell->extent == EXTENT_MANY_PAGES))
		return false;
	/*
	 * Migration by design moves the pages of a mixed buffer to different
	 * places. Half-placed buffers exist only with the mapping rw: the
	 * others would not add a case.
	 */
	if (mix != MIX_NONE && (reach == REACH_MIGRATION_BACK || reach == REACH_MIGRATION_AWAY))
		return false;
	return cell->mapping->mixes & BIT(mix);
}

bool cell_exists(const struct cell *cell)
{
	const struct access *access = cell->access;
	const struct mapping *mapping = cell->mapping;

	if (!(mapping->places & BIT(cell->place)) || !extent_exists(cell))
		return false;
	/* An access by a child needs a mapping with a child. */
	if (access->reach == REACH_CHILD_CPU && !mapping->shared)
		return false;
	/*
	 * The driver can access its own private page only through the entry
	 * that it cached when it migrated the page. Any change of the mapping
	 * drops that entry; hmm_range_fault() then gives the driver a page
	 * without memory, which it dereferences (docs/findings.md,
	 * private-mirror-fault).
	 */
	if (cell->place == PLACE_PRIVATE && access->reach == REACH_MIRROR && !mapping->mirror_valid)
		return false;
	if (extent_row(cell->extent)->mix == MIX_HOLES && access->no_zero_page &&
	    !access->write_fault)
		return false;
	/*
	 * The second coherent device is tested only with accesses by a device
	 * or the owner's CPU, migration and long-term pins: the other accesses
	 * are the same as on the first device.
	 */
	if (cell->place == PLACE_REMOTE)
		return access->reach == REACH_MIRROR || access->reach == REACH_MIGRATION_BACK ||
		       access->reach == REACH_MIGRATION_AWAY || access->reach == REACH_CPU ||
		       access->reach == REACH_LONGTERM;
	/*
	 * The raw device differs from the file only with a partial buffer, not
	 * in the zone.
	 */
	if (cell->place == PLACE_MOVABLE)
		return !(access->needs & BIT(NEED_RAW)) &&
		       access->reach != REACH_MIGRATION_BACK && access->reach != REACH_ADVICE;
	return true;
}

struct device *cell_device(const struct cell *cell)
{
	switch (cell->place) {
	case PLACE_PRIVATE:
		return &cell->env->private;
	case PLACE_REMOTE:
		return &cell->env->remote;
	default:
		return &cell->env->coherent;
	}
}

struct medium *cell_medium(const struct cell *cell)
{
	if (!cell->access->from_medium && !cell->access->to_medium)
		return NULL;
	return cell->access->needs & BIT(NEED_RAW) ? &cell->env->raw : &cell->env->file;
}

void cell_env_open(struct cell_env *env)
{
	memset(env, 0, sizeof(*env));
	/* Fork it first, so that it inherits no pages or references of a test. */
	child_fork(&env->other);
	device_open(&env->coherent, PLACE_COHERENT, BUFFER_PAGES_MAX);
	device_open(&env->remote, PLACE_REMOTE, BUFFER_PAGES_MAX);
	device_open(&env->private, PLACE_PRIVATE, BUFFER_PAGES_MAX);
	env->has_file = medium_take(&env->file, ON_FILE);
	env->has_raw = medium_take(&env->raw, ON_RAW);
	env->has_ring = ring_available();
	if (env->has_ring)
		ring_open(&env->ring);
	env->has_gup_test = pin_available();
	env->got = mmap(NULL, BUFFER_PAGES_MAX * features.page_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (env->got == MAP_FAILED)
		not_prepared("no memory for what accesses read");
	if (madvise(env->got, BUFFER_PAGES_MAX * features.page_size, MADV_DONTFORK))
		syscall_failed("MADV_DONTFORK", errno);
}
