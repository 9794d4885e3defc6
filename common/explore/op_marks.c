// SPDX-License-Identifier: GPL-2.0
/* Marks of pages and mappings: userfaultfd, the soft-dirty bit, mlock(2). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explore/world.h"
#include "kernel/kernel.h"
#include "kernel/since.h"
#include "reach/monitor.h"

/* vma_can_userfault(): not of a file, unless that is in memory */
static bool watch_possible(const struct mm_model *m, const struct op *op)
{
	return m->kernel.uffd_wp && !m->process[MM_OWNER].page[op->first].file;
}

/* userfaultfd_register(): the first VMA in the range */
static void expect_watch(struct mm_model *m, const struct op *op, struct step *step)
{
	struct mm_page *page = mm_page_of(m, MM_OWNER, op->first);

	m->uffd = true;
	if (!page->mapped)
		step->result = -EINVAL;
	else if (mm_effect(m, EFFECT_ADVISE))
		page->uffd = true;
}

static long act_watch(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	if (world.uffd < 0)
		world.uffd = monitor_create(UFFD_FEATURE_PAGEFAULT_FLAG_WP |
					    (kernel_has(CHANGE_UFFD_MOVE) ? UFFD_FEATURE_MOVE :
									    0));
	return monitor_watch(world.uffd, world_page(world.desk->op.first), features.page_size);
}

static bool uffd_possible(const struct mm_model *m, const struct op *op)
{
	(void)op;
	return m->uffd;
}

/*
 * Of a page that is not watched it is refused. The sequences work with the first two
 * pages most.
 */
static bool wp_is_dull(const struct mm_model *m, const struct op *op)
{
	return op->first < 2 && !m->process[MM_OWNER].page[op->first].uffd;
}

/* mwriteprotect_range() */
static void expect_wp(struct mm_model *m, const struct op *op, struct step *step)
{
	if (mm_page_of(m, MM_OWNER, op->first)->uffd)
		mm_uffd_wp(m, MM_OWNER, op->first, !op->option[0]);
	else
		step->result = -ENOENT;
}

static long act_wp(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)world_page(op->first), features.page_size },
		.mode = op->option[0] ? 0 : UFFDIO_WRITEPROTECT_MODE_WP,
	};

	(void)buffer;
	(void)arg;
	return ioctl(world.uffd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

static void expect_unwatch(struct mm_model *m, const struct op *op, struct step *step)
{
	(void)op;
	(void)step;
	mm_uffd_close(m);
}

static long act_unwatch(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	close(world.uffd);
	world.uffd = -1;
	return 0;
}

/* What validate_move_areas() accepts; the zero page moves on some kernels only. */
static bool take_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *to = &m->process[MM_OWNER].page[op->first];
	const struct mm_page *from = &m->process[MM_OWNER].page[op_other_page(op->first)];

	return m->kernel.uffd_move && from->mapped && !from->file && to->uffd &&
	       from->prot == MM_READ_WRITE && to->prot == MM_READ_WRITE &&
	       from->locked == to->locked &&
	       (from->frame < 0 || !m->frame[from->frame].zero);
}

/* move_pages_ptes() (6.12: move_pages_pte()), move_present_ptes() */
static void expect_take(struct mm_model *m, const struct op *op, struct step *step)
{
	struct mm_page *to = mm_page_of(m, MM_OWNER, op->first);
	struct mm_page *from = mm_page_of(m, MM_OWNER, op_other_page(op->first));
	const struct mm_frame *frame = &m->frame[from->frame < 0 ? 0 : from->frame];

	if (to->frame >= 0 || to->guard)
		step->result = -EEXIST;
	else if (from->guard)
		step->result = -EFAULT;
	else if (from->frame < 0)
		step->result = -ENOENT;
	else if (frame->at == PLACE_PRIVATE)
		step->result = -EFAULT;
	else if (!frame->exclusive || frame->pins)
		step->result = -EBUSY;
	if (step->result || !mm_effect(m, EFFECT_RELOCATE))
		return;
	to->frame = from->frame;
	to->write = true;
	to->dirty = from->dirty;
	to->soft = true;
	from->frame = -1;
	from->write = false;
	from->dirty = false;
	from->soft = false;
	from->uffd_wp = false;
}

static long act_take(const struct buffer *buffer, long arg)
{
	const int page = world.desk->op.first;

	(void)buffer;
	(void)arg;
	return monitor_move(world.uffd, world_page(page), world_page(op_other_page(page)),
			    features.page_size);
}

static bool clean_possible(const struct mm_model *m, const struct op *op)
{
	(void)op;
	return m->kernel.soft_dirty;
}

static void expect_clean(struct mm_model *m, const struct op *op, struct step *step)
{
	/* bytes that write(2) has taken */
	step->result = 1;
	mm_clear_soft(m, op->who);
}

static long act_clean(const struct buffer *buffer, long arg)
{
	char path[32];
	long result;
	int fd;

	(void)buffer;
	(void)arg;
	snprintf(path, sizeof(path), "/proc/%d/clear_refs", world.desk->target);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* CLEAR_REFS_SOFT_DIRTY */
	result = errno_of(write(fd, "4", 1));
	close(fd);
	return result;
}

/* apply_vma_lock_flags(), then __mm_populate(), whose errors are ENOMEM */
static void expect_lock(struct mm_model *m, const struct op *op, struct step *step)
{
	struct mm_page *page = mm_page_of(m, op->who, op->first);
	const int frame = page->frame;

	if (!page->mapped) {
		step->result = -ENOMEM;
		return;
	}
	if (mm_effect(m, EFFECT_LOCK))
		page->locked = true;
	if (page->prot == MM_NONE || mm_populate(m, op->who, op->first))
		step->result = -ENOMEM;
	/* mlock_pte_range() skips pages on devices. */
	step->uncounted = page->frame == frame && frame >= 0 && !in_memory(m->frame[frame].at);
}

static long act_lock(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return errno_of(mlock(world_page(world.desk->op.first), features.page_size));
}

/*
 * mlock_pte_range() skips pages on devices, and leaves what migration has counted
 * in Mlocked: docs/findings.md, mlocked-leak.
 */
static bool unlock_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *page = &m->process[op->who].page[op->first];

	return !page->locked || page->frame < 0 || m->frame[page->frame].at == PLACE_SYSTEM;
}

static void expect_unlock(struct mm_model *m, const struct op *op, struct step *step)
{
	struct mm_page *page = mm_page_of(m, op->who, op->first);

	if (!page->mapped)
		step->result = -ENOMEM;
	else if (page->locked && mm_effect(m, EFFECT_LOCK))
		page->locked = false;
}

static long act_unlock(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return errno_of(munlock(world_page(world.desk->op.first), features.page_size));
}

static const struct op_row rows[] = {
	{ .name = "watch",
	  .what = "userfaultfd watches the owner's page for writes: userfaultfd_register()",
	  .pages = PAGES_ONE, .weight = 7, .rule = RULE_RANGE_TO_WATCH,
	  .possible = watch_possible, .expect = expect_watch, .act = act_watch },
	{ .name = "wp",
	  .what = "UFFDIO_WRITEPROTECT: mwriteprotect_range(), change_pte_range()",
	  .options = { "on|off" }, .pages = PAGES_ONE, .weight = 10,
	  .rule = RULE_PROTECTION_AS_ASKED, .possible = uffd_possible, .dull = wp_is_dull,
	  .expect = expect_wp, .act = act_wp },
	{ .name = "take",
	  .what = "UFFDIO_MOVE to the owner's page from the other buffer: move_present_ptes()",
	  .pages = PAGES_ONE, .weight = 4, .rule = RULE_MOVED_BY_MAPPING,
	  .possible = take_possible, .expect = expect_take, .act = act_take },
	{ .name = "unwatch",
	  .what = "the userfaultfd is closed: userfaultfd_release(), userfaultfd_clear_vma()",
	  .weight = 1, .rule = RULE_MONITOR_LETS_GO, .possible = uffd_possible,
	  .expect = expect_unwatch, .act = act_unwatch },
	{ .name = "clean",
	  .what = "clear_refs clears the soft-dirty bits: clear_soft_dirty(), pte_is_pinned()",
	  .names_process = true, .weight = 3, .rule = RULE_WRITES_ARE_TRACKED,
	  .actor = BY_OWNER_OF_SEQUENCE, .possible = clean_possible,
	  .expect = expect_clean, .act = act_clean },
	{ .name = "lock",
	  .what = "mlock(2): mlock_fixup(), populate_vma_page_range()",
	  .pages = PAGES_ONE, .names_process = true, .weight = 4,
	  .rule = RULE_LOCKED_AS_MEMORY, .expect = expect_lock, .act = act_lock },
	{ .name = "unlock",
	  .what = "munlock(2): mlock_fixup(), munlock_folio()",
	  .pages = PAGES_ONE, .names_process = true, .weight = 2,
	  .rule = RULE_LOCKED_AS_MEMORY, .possible = unlock_possible, .expect = expect_unlock,
	  .act = act_unlock },
};

const struct op_row *op_marks_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
