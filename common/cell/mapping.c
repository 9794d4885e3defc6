// SPDX-License-Identifier: GPL-2.0
/* The mappings of the matrix, with one row and one function for each. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "cell/mapping.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/monitor.h"
#include "report/report.h"
#include "report/rules.h"
#include "see/page.h"

static bool is_device(enum place at)
{
	return at == PLACE_COHERENT || at == PLACE_REMOTE || at == PLACE_PRIVATE;
}

/* Migrate the pages of a mixed buffer one by one, so that the others are not touched. */
static void migrate_placed(struct cell *cell)
{
	struct buffer *buffer = &cell->buffer;
	size_t i;

	/*
	 * Ignore the driver's result: it may be 0 although nothing moved, or an
	 * error although all pages moved.
	 */
	if (extent_row(cell->extent)->mix != MIX_PLACED &&
	    extent_row(cell->extent)->mix != MIX_HOLES) {
		device_move_to(cell_device(cell), buffer->addr, buffer->pages);
		return;
	}
	for (i = 0; i < buffer->pages; i++)
		if (cell_places(cell, i))
			device_move_to(cell_device(cell), buffer_page(buffer, i), 1);
}

/*
 * Put the pages that the extent selects to the cell's place, and check that. If
 * a page does not get there, the cell fails under migration-is-the-way-in.
 */
static void place(struct cell *cell)
{
	struct buffer *buffer = &cell->buffer;
	bool placed = true;
	char what[32];
	size_t i;

	if (is_device(cell->place))
		migrate_placed(cell);
	for (i = 0; i < buffer->pages; i++) {
		enum place at = page_at(0, buffer_page(buffer, i)).at;

		if (!cell_places(cell, i) || at == cell->place)
			continue;
		if (!is_device(cell->place) && in_memory(at))
			buffer_in_wrong_zone(buffer, i, at);
		snprintf(what, sizeof(what), "page %zu place", i);
		set_rule(is_device(cell->place) ? RULE_ENTRY : RULE_NOTHING_ELSE_CHANGES);
		placed = expect_same(false, what, place_name(cell->place), place_name(at));
	}
	if (!placed)
		give_up();
}

/* mprotect() the pages that are read-only in this extent, or all of them. */
static void protect(struct cell *cell, int prot)
{
	struct buffer *buffer = &cell->buffer;
	size_t first, end;

	for (first = 0; first < buffer->pages; first = end + 1) {
		for (end = first; end < buffer->pages && cell_protects(cell, end); end++)
			;
		if (end > first &&
		    mprotect(buffer_page(buffer, first), (end - first) * features.page_size, prot))
			syscall_failed("mprotect", errno);
	}
}

static void make_rw(struct cell *cell)
{
	place(cell);
}

static void make_ro(struct cell *cell)
{
	place(cell);
	protect(cell, PROT_READ);
}

static void make_ro_rw(struct cell *cell)
{
	place(cell);
	protect(cell, PROT_READ);
	protect(cell, PROT_READ | PROT_WRITE);
}

static void make_born_ro(struct cell *cell)
{
	protect(cell, PROT_READ);
	place(cell);
}

static void make_prot_none(struct cell *cell)
{
	place(cell);
	protect(cell, PROT_NONE);
}

static void make_cow_shared(struct cell *cell)
{
	place(cell);
	child_fork(&cell->child);
}

static void make_ro_shared(struct cell *cell)
{
	make_ro(cell);
	child_fork(&cell->child);
}

static void make_cow_left(struct cell *cell)
{
	make_cow_shared(cell);
	child_leave(&cell->child);
}

static void make_cow_then_migrated(struct cell *cell)
{
	child_fork(&cell->child);
	place(cell);
}

static void make_soft_dirty(struct cell *cell)
{
	place(cell);
	clear_soft_dirty();
}

/*
 * With UFFD_FEATURE_SIGBUS no thread has to answer: a write that the protection
 * stops gets SIGBUS, or EFAULT in the kernel.
 */
static void make_uffd_wp(struct cell *cell)
{
	place(cell);
	cell->uffd = monitor_open(cell->buffer.addr, cell->buffer.size, 0);
	monitor_protect(cell->uffd, cell->buffer.addr, cell->buffer.size, true);
}

#define EVERYWHERE \
	(BIT(PLACE_SYSTEM) | BIT(PLACE_MOVABLE) | BIT(PLACE_COHERENT) | BIT(PLACE_PRIVATE) | \
	 BIT(PLACE_REMOTE))
#define ON_DEVICES (BIT(PLACE_COHERENT) | BIT(PLACE_PRIVATE))
#define PRESENT_ONLY (BIT(PLACE_SYSTEM) | BIT(PLACE_COHERENT))

/*
 * private_permission: mprotect() makes a writable device-private entry
 * read-only and never makes it writable again (change_pte_range(),
 * mm/mprotect.c).
 */
static const struct mapping rows[] = {
	{ .name = "rw",
	  .what = "mapped R/W by one process",
	  .make = make_rw,
	  .places = EVERYWHERE,
	  .vma_read = true,
	  .vma_write = true,
	  .permission = PERM_RW,
	  .private_permission = PERM_RW,
	  .exclusive = true,
	  .mirror_valid = true,
	  .mixes = BIT(MIX_NONE) | BIT(MIX_PLACED) | BIT(MIX_HOLES) },
	{ .name = "ro",
	  .what = "mprotect(PROT_READ) after the placement",
	  .make = make_ro,
	  .places = EVERYWHERE,
	  .vma_read = true,
	  .permission = PERM_RO,
	  .private_permission = PERM_RO,
	  .exclusive = true,
	  .mixes = BIT(MIX_NONE) | BIT(MIX_READ_ONLY) },
	{ .name = "ro-rw",
	  .what = "mprotect(PROT_READ) and back to R/W",
	  .make = make_ro_rw,
	  .places = EVERYWHERE,
	  .vma_read = true,
	  .vma_write = true,
	  .permission = PERM_RW,
	  .private_permission = PERM_RO,
	  .exclusive = true },
	{ .name = "born-ro",
	  .what = "placed while it is PROT_READ",
	  .make = make_born_ro,
	  .places = ON_DEVICES,
	  .vma_read = true,
	  .permission = PERM_RO,
	  .private_permission = PERM_RO,
	  .exclusive = true },
	{ .name = "cow-shared",
	  .what = "shared with a child that is alive",
	  .make = make_cow_shared,
	  .places = EVERYWHERE,
	  .vma_read = true,
	  .vma_write = true,
	  .permission = PERM_RO,
	  .private_permission = PERM_RO,
	  .shared = true,
	  .mixes = BIT(MIX_NONE) },
	{ .name = "ro-shared",
	  .what = "mprotect(PROT_READ), then shared with a child that is alive",
	  .make = make_ro_shared,
	  .places = BIT(PLACE_SYSTEM) | ON_DEVICES,
	  .vma_read = true,
	  .permission = PERM_RO,
	  .private_permission = PERM_RO,
	  .shared = true },
	{ .name = "cow-left",
	  .what = "shared with a child that has exited",
	  .make = make_cow_left,
	  .places = EVERYWHERE,
	  .vma_read = true,
	  .vma_write = true,
	  .permission = PERM_RO,
	  .private_permission = PERM_RO },
	{ .name = "cow-then-migrated",
	  .what = "shared with a child, then migrated",
	  .make = make_cow_then_migrated,
	  .places = ON_DEVICES,
	  .vma_read = true,
	  .vma_write = true,
	  .permission = PERM_RO,
	  .private_permission = PERM_RO,
	  .shared = true },
	{ .name = "uffd-wp",
	  .what = "write-protected by userfaultfd",
	  .make = make_uffd_wp,
	  .places = PRESENT_ONLY,
	  .vma_read = true,
	  .vma_write = true,
	  .permission = PERM_RO,
	  .exclusive = true,
	  .uffd_wp = true,
	  .needs = BIT(NEED_UFFD_WP) },
	{ .name = "prot-none",
	  .what = "mprotect(PROT_NONE) after the placement",
	  .make = make_prot_none,
	  .places = PRESENT_ONLY,
	  .permission = PERM_NONE,
	  .exclusive = true },
	{ .name = "soft-dirty",
	  .what = "mapped R/W, watched for writes by soft-dirty",
	  .make = make_soft_dirty,
	  .places = PRESENT_ONLY,
	  .vma_read = true,
	  .vma_write = true,
	  .permission = PERM_RO,
	  .exclusive = true,
	  .soft_dirty = true,
	  .needs = BIT(NEED_SOFT_DIRTY) },
};

const struct mapping *mapping_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
