// SPDX-License-Identifier: GPL-2.0
/* GUP x PIN, slow x fast, read x write, short-term x FOLL_LONGTERM, as accesses of the matrix. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "cell/gup_access.h"
#include "kernel/kernel.h"
#include "report/report.h"
#include "see/pin.h"

/* The kind of reference of a row is in its name. Only this table has both. */
#define KINDS(KIND) \
	KIND(gup_slow_read, "gup-slow-read", false, false, false, false) \
	KIND(gup_fast_read, "gup-fast-read", false, true, false, false) \
	KIND(gup_slow_write, "gup-slow-write", false, false, true, false) \
	KIND(gup_fast_write, "gup-fast-write", false, true, true, false) \
	KIND(pin_slow_read, "pin-slow-read", true, false, false, false) \
	KIND(pin_fast_read, "pin-fast-read", true, true, false, false) \
	KIND(pin_slow_write, "pin-slow-write", true, false, true, false) \
	KIND(pin_fast_write, "pin-fast-write", true, true, true, false) \
	KIND(longterm_slow_read, "longterm-slow-read", true, false, false, true) \
	KIND(longterm_fast_read, "longterm-fast-read", true, true, false, true) \
	KIND(longterm_slow_write, "longterm-slow-write", true, false, true, true) \
	KIND(longterm_fast_write, "longterm-fast-write", true, true, true, true)

/*
 * Pin the pages of a mixed buffer in one call of GUP, since
 * check_and_migrate_movable_pages() looks at all pages of a call. Otherwise pin
 * one page per call, which gives an exact count.
 */
static long pin_buffer(const struct cell *cell, struct pin_kind kind)
{
	const struct buffer *buffer = &cell->buffer;

	return cell_is_mixed(cell) ? pin_pages_at_once(kind, buffer->addr, buffer->pages) :
				     pin_pages(kind, buffer->addr, buffer->pages);
}

#define KIND_RUN(id, name, pin, fast, write, longterm) \
	static long run_##id(struct cell *cell) \
	{ \
		return pin_buffer(cell, (struct pin_kind){ pin, fast, write, longterm }); \
	}
KINDS(KIND_RUN)

static long run_stay(struct cell *cell, bool fast, bool write)
{
	int held = pin_hold(fast, write, cell->buffer.addr, cell->buffer.pages);

	if (held < 0)
		return held;
	cell->held = held;
	return 0;
}

static long run_stay_slow_read(struct cell *cell)
{
	return run_stay(cell, false, false);
}

static long run_stay_fast_read(struct cell *cell)
{
	return run_stay(cell, true, false);
}

static long run_stay_slow_write(struct cell *cell)
{
	return run_stay(cell, false, true);
}

static long run_stay_fast_write(struct cell *cell)
{
	return run_stay(cell, true, true);
}

/* The bytes that the holder of the pins reads. */
static enum data look_through_pin(struct cell *cell, size_t page)
{
	static unsigned char *copy;

	if (!copy)
		copy = mmap(NULL, BUFFER_PAGES_MAX * features.page_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (pin_read(cell->held, copy))
		return DATA_UNREADABLE;
	return read_page(copy + page * features.page_size, cell->buffer.serial, page, BY_OWNER,
			 cell->access->writer);
}

static void drop_pin(struct cell *cell)
{
	pin_drop(cell->held);
}

/*
 * gup_test returns the number of bytes that it got, 0 for none; it does not
 * return the errno of GUP.
 */
#define KIND_ROW(id, row_name, pin, fast, write, longterm) \
	{ .name = row_name, \
	  .what = (pin) ? (longterm) ? "FOLL_PIN with FOLL_LONGTERM" : \
				       "FOLL_PIN, short-term" : "FOLL_GET", \
	  .run = run_##id, .reach = (pin) ? (longterm) ? REACH_LONGTERM : REACH_PIN : REACH_GET, \
	  .write_fault = write, \
	  .partial_count = true, .rounds_up = true, \
	  .needs = BIT(NEED_GUP_TEST), .no_zero_page = pin },

#define STAY_ROW(id, row_name, write) \
	{ .name = row_name, \
	  .what = "FOLL_PIN with FOLL_LONGTERM that is kept", \
	  .run = run_##id, \
	  .reach = REACH_LONGTERM, \
	  .write_fault = write, \
	  .held = true, \
	  .hold_look = look_through_pin, .hold_drop = drop_pin, \
	  .unit = UNIT_NONE, \
	  .refused = EFAULT, \
	  .protected_ = EFAULT, \
	  .needs = BIT(NEED_GUP_TEST) | BIT(NEED_STAYING_PINS) },

static const struct access rows[] = {
	KINDS(KIND_ROW)
	STAY_ROW(stay_slow_read, "stay-slow-read", false)
	STAY_ROW(stay_fast_read, "stay-fast-read", false)
	STAY_ROW(stay_slow_write, "stay-slow-write", true)
	STAY_ROW(stay_fast_write, "stay-fast-write", true)
};

const struct access *gup_access_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
