// SPDX-License-Identifier: GPL-2.0
#include "cell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "pin.h"
#include "report.h"

static const struct extent_row extents[EXTENTS] = {
	[ONE_PAGE] = { "", "one page", 1 },
	[MANY_PAGES] = { "many", "several pages", 5 },
	[HALF_PLACED] = { "half-placed", "the second half in system memory", 4 },
	[HALF_READ_ONLY] = { "half-ro", "the second half mapped read-only", 4 },
	[HOLE_LAST] = { "hole", "the last page never touched", 3 },
};

const struct extent_row *extent_row(enum extent extent)
{
	return &extents[extent];
}

void cell_name(const struct cell *cell, char *name, size_t size)
{
	snprintf(name, size, "%s.%s.%s%s%s", place_name(cell->place), cell->mapping->name, cell->access->name,
		 cell->extent == ONE_PAGE ? "" : ".", extent_row(cell->extent)->name);
}

static bool extent_exists(const struct cell *cell)
{
	const struct access *access = cell->access;
	const char *mapping = cell->mapping->name;

	if (cell->extent == ONE_PAGE)
		return true;
	/* What is special about buffers of several pages is special about devices; the control group has it in "many". */
	if (cell->place != COHERENT && !(cell->place == SYSTEM && cell->extent == MANY_PAGES))
		return false;
	switch (cell->extent) {
	case MANY_PAGES:
		return !strcmp(mapping, "rw") || !strcmp(mapping, "ro") || !strcmp(mapping, "cow-shared");
	case HALF_PLACED:
		/* The child of a half-placed buffer would be the same case twice. Migration moves the halves differently, which is its job. */
		return !strcmp(mapping, "rw") && access->reach != BY_MIGRATION_BACK && access->reach != BY_MIGRATION_AWAY;
	case HALF_READ_ONLY:
		return !strcmp(mapping, "ro") && access->reach != BY_MIGRATION_BACK && access->reach != BY_MIGRATION_AWAY;
	case HOLE_LAST:
		return !strcmp(mapping, "rw") && access->reach != BY_MIGRATION_BACK && access->reach != BY_MIGRATION_AWAY;
	default:
		return false;
	}
}

bool cell_exists(const struct cell *cell)
{
	const struct access *access = cell->access;
	const struct mapping *mapping = cell->mapping;

	if (!(mapping->places & BIT(cell->place)) || !extent_exists(cell))
		return false;
	/* A child's access needs a child. */
	if (access->reach == BY_CHILD_CPU && !mapping->shared)
		return false;
	/*
	 * The driver reaches its own private page only through what it cached when it migrated the page: any change of the mapping drops that, and
	 * the way through hmm_range_fault() then dereferences a page without memory (docs/findings.md, private-mirror-fault).
	 */
	if (cell->place == PRIVATE && access->reach == BY_MIRROR && strcmp(mapping->name, "rw"))
		return false;
	/* gup_test itself WARNs about a FOLL_PIN of the zero page, which is not counted as pinned (verify_dma_pinned(), mm/gup_test.c). */
	if (cell->extent == HOLE_LAST && access->needs == NEEDS_GUP_TEST && !access->write_fault && access->reach != BY_GET)
		return false;
	/* The second device matters where a device does something; the rest is the first device again. */
	if (cell->place == REMOTE)
		return access->reach == BY_MIRROR || access->reach == BY_MIGRATION_BACK || access->reach == BY_MIGRATION_AWAY ||
		       access->reach == BY_CPU || access->reach == BY_LONGTERM;
	/* The raw device differs from the file in what it does with a partial buffer, not in zones. */
	if (cell->place == MOVABLE)
		return access->needs != NEEDS_RAW && access->reach != BY_MIGRATION_BACK && access->reach != BY_ADVICE;
	return true;
}

struct device *cell_device(struct cell *cell)
{
	switch (cell->place) {
	case PRIVATE:
		return &cell->bench->private;
	case REMOTE:
		return &cell->bench->remote;
	default:
		return &cell->bench->coherent;
	}
}

void cell_place(struct cell *cell)
{
	struct buffer *buffer = &cell->buffer;
	size_t placed = cell->extent == HALF_PLACED ? buffer->pages / 2 : buffer->pages;
	size_t i;

	if (cell->extent == HOLE_LAST)
		placed--;
	/* The driver's word is not taken for it: it may say 0 though nothing moved, or an error though all of it did. */
	if (cell->place == COHERENT || cell->place == REMOTE || cell->place == PRIVATE)
		device_migrate_to(cell_device(cell), buffer->addr, placed);
	for (i = 0; i < placed; i++) {
		enum place at = page_at(0, buffer_page(buffer, i)).at;

		if (at != cell->place)
			broken("page %zu could not be placed: it is %s, not %s", i, place_name(at), place_name(cell->place));
	}
}

void bench_open(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	/* First of all, so that it inherits nothing that a test places or holds. */
	child_fork(&bench->stranger);
	device_open(&bench->coherent, COHERENT, BUFFER_PAGES_MAX);
	device_open(&bench->remote, REMOTE, BUFFER_PAGES_MAX);
	device_open(&bench->private, PRIVATE, BUFFER_PAGES_MAX);
	bench->has_file = medium_file(&bench->file);
	bench->has_raw = medium_raw(&bench->raw);
	bench->has_ring = ring_available();
	if (bench->has_ring)
		ring_open(&bench->ring);
	bench->has_gup_test = pin_available();
}
