// SPDX-License-Identifier: GPL-2.0
/* Operations by madvise(2) and mremap(2). */
#include <errno.h>
#include <sys/mman.h>

#include "explore/world.h"
#include "kernel/advice.h"
#include "kernel/kernel.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static long advise(int advice)
{
	const struct op *op = &world.desk->op;

	return errno_of(madvise(world_page(op->first), op->count * features.page_size, advice));
}

/*
 * The PTE of a shared page becomes clean only if its folio is not dirty, which the
 * model does not know. A transfer in flight whose folio is not dirty when it
 * completes drops its references at some later time: bio_check_pages_dirty().
 */
static bool free_possible(const struct mm_model *m, const struct op *op)
{
	int i;

	for (i = op->first; i < op->first + op->count; i++) {
		const int frame = m->process[op->who].page[i].frame;

		if (frame >= 0 && !m->frame[frame].zero &&
		    (m->frame[frame].ksm || mm_holders(m, frame) ||
		     mm_mappings(m, frame) > 1))
			return false;
	}
	return true;
}

/* madvise_free_pte_range(): a page of memory becomes clean and can be reclaimed. */
static void expect_free(struct mm_model *m, const struct op *op, struct step *step)
{
	int i;

	for (i = op->first; i < op->first + op->count && step->result != -EINVAL; i++) {
		struct mm_page *page = mm_page_of(m, op->who, i);

		/* madvise_free_single_vma() */
		if (page->file)
			step->result = -EINVAL;
		if (page->file || !op_is_advised(page, step) || page->frame < 0 ||
		    m->frame[page->frame].at != PLACE_SYSTEM || m->frame[page->frame].zero)
			continue;
		m->frame[page->frame].lazy = LAZY_YES;
		if (page->dirty && mm_effect(m, EFFECT_CLEAN))
			page->dirty = false;
	}
}

static long act_free(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return advise(MADV_FREE);
}

/* Is it known what reclaim does with the page? */
static bool pageout_possible(const struct mm_model *m, const struct op *op)
{
	int i;

	for (i = op->first; i < op->first + op->count; i++) {
		const int frame = m->process[op->who].page[i].frame;

		if (m->process[op->who].page[i].file ||
		    (frame >= 0 && m->frame[frame].lazy == LAZY_UNSURE))
			return false;
	}
	return m->kernel.no_swap;
}

/*
 * madvise_cold_or_pageout_pte_range() skips pages on devices and those that others
 * map, too. Without swap shrink_folio_list() frees only pages of MADV_FREE, if they
 * are clean and have no other reference; otherwise they become ordinary pages again.
 */
static void expect_pageout(struct mm_model *m, const struct op *op, struct step *step)
{
	int i;

	for (i = op->first; i < op->first + op->count && step->result != -EINVAL; i++) {
		struct mm_page *page = mm_page_of(m, op->who, i);
		struct mm_frame *frame = &m->frame[page->frame < 0 ? 0 : page->frame];

		if (!op_is_advised(page, step) || page->frame < 0 || frame->lazy != LAZY_YES ||
		    mm_mappings(m, page->frame) > 1)
			continue;
		if (page->dirty || mm_holders(m, page->frame))
			frame->lazy = LAZY_UNSURE;
		else
			mm_zap(m, op->who, i);
	}
}

static long act_pageout(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return advise(MADV_PAGEOUT);
}

/* madvise_collapse(): the buffers have MADV_NOHUGEPAGE, and are too small. */
static void expect_collapse(struct mm_model *m, const struct op *op, struct step *step)
{
	step->result = mm_page_of(m, op->who, op->first)->mapped ? -EINVAL : -ENOMEM;
}

static long act_collapse(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return advise(MADV_COLLAPSE);
}

/* madvise_populate(), faultin_page_range() (6.1: faultin_vma_page_range()) */
static void expect_populate(struct mm_model *m, const struct op *op, struct step *step)
{
	const struct mm_access access = { .write = op->option[0], .gup = true };

	switch (mm_access(m, op->who, op->first, access)) {
	case MM_ALLOWED:
		break;
	case MM_NO_VMA:
		step->result = -ENOMEM;
		break;
	case MM_UFFD_STOPS:
	case MM_GUARDED:
		step->result = -EFAULT;
		break;
	default:
		step->result = -EINVAL;
	}
}

static long act_populate(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return advise(world.desk->op.option[0] ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
}

/* Words of "drop|copy|wipe|keep". */
enum { INHERIT_DROP, INHERIT_COPY, INHERIT_WIPE, INHERIT_KEEP };

/* madvise_vma_behavior(): VM_DONTCOPY and VM_WIPEONFORK */
static void expect_inherit(struct mm_model *m, const struct op *op, struct step *step)
{
	int i;

	for (i = op->first; i < op->first + op->count; i++) {
		struct mm_page *page = mm_page_of(m, op->who, i);

		if (!page->mapped)
			step->result = -ENOMEM;
		else if (page->file && op->option[0] == INHERIT_WIPE)
			step->result = -EINVAL;
		if (step->result == -EINVAL)
			return;
		if (!page->mapped || !mm_effect(m, EFFECT_ADVISE))
			continue;
		else if (op->option[0] == INHERIT_DROP || op->option[0] == INHERIT_COPY)
			page->not_forked = op->option[0] == INHERIT_DROP;
		else
			page->wiped = op->option[0] == INHERIT_WIPE;
	}
}

static long act_inherit(const struct buffer *buffer, long arg)
{
	static const int advice[] = {
		[INHERIT_DROP] = MADV_DONTFORK, [INHERIT_COPY] = MADV_DOFORK,
		[INHERIT_WIPE] = MADV_WIPEONFORK, [INHERIT_KEEP] = MADV_KEEPONFORK,
	};

	(void)buffer;
	(void)arg;
	return advise(advice[world.desk->op.option[0]]);
}

static bool guard_possible(const struct mm_model *m, const struct op *op)
{
	int i;

	/* Only since 6.18 fork() always copies those of a file. */
	for (i = op->first; i < op->first + op->count; i++)
		if (m->process[op->who].page[i].file)
			return false;
	return m->kernel.guards;
}

/*
 * madvise_guard_install() frees the pages, and is refused in locked memory;
 * madvise_guard_remove() is not.
 */
static void expect_guard(struct mm_model *m, const struct op *op, struct step *step)
{
	const bool removes = op->option[0];
	int i;

	for (i = op->first; i < op->first + op->count; i++) {
		struct mm_page *page = mm_page_of(m, op->who, i);

		if (removes ? !page->mapped : !op_is_advised(page, step)) {
			if (step->result == -EINVAL)
				return;
			step->result = -ENOMEM;
			continue;
		}
		if (!removes)
			mm_zap(m, op->who, i);
		if (page->guard != !removes && mm_effect(m, EFFECT_MARK)) {
			page->guard = !removes;
			page->soft = false;
		}
	}
}

static long act_guard(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return advise(world.desk->op.option[0] ? MADV_GUARD_REMOVE : MADV_GUARD_INSTALL);
}

/*
 * Where mremap() ends the watch of what it moves, it ends that of the mapping beside it, too:
 * docs/findings.md, mremap-unwatches-neighbour.
 */
static bool move_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *pages = m->process[op->who].page, *page = &pages[op->first];
	const int to = op_other_page(op->first);

	return !page->uffd || !((to > 0 && pages[to - 1].uffd) ||
				(to + 1 < MM_PAGES && pages[to + 1].uffd));
}

static void expect_move(struct mm_model *m, const struct op *op, struct step *step)
{
	const int to = op_other_page(op->first);

	if (!mm_page_of(m, op->who, op->first)->mapped) {
		step->result = -EFAULT;
		return;
	}
	mm_move_address(m, op->who, op->first, to, op->option[0]);
}

static long act_move(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	void *to = world_page(op_other_page(op->first)), *at;

	(void)buffer;
	(void)arg;
	at = mremap(world_page(op->first), features.page_size, features.page_size,
		    MREMAP_MAYMOVE | MREMAP_FIXED | (op->option[0] ? MREMAP_DONTUNMAP : 0), to);
	if (at == MAP_FAILED)
		return -errno;
	return at == to ? 0 : -EXDEV;
}

static const struct op_row rows[] = {
	{ .name = "free",
	  .what = "MADV_FREE: madvise_free_pte_range(), can_change_pte_writable()",
	  .pages = PAGES_SOME, .names_process = true, .weight = 3, .rule = RULE_FREED_FOR_ONE,
	  .possible = free_possible, .expect = expect_free, .act = act_free },
	{ .name = "pageout",
	  .what = "MADV_PAGEOUT without swap: madvise_cold_or_pageout_pte_range()",
	  .pages = PAGES_SOME, .names_process = true, .weight = 3, .rule = RULE_NOT_RECLAIMED,
	  .possible = pageout_possible, .expect = expect_pageout, .act = act_pageout },
	{ .name = "collapse",
	  .what = "MADV_COLLAPSE of a small buffer, which is refused: madvise_collapse()",
	  .pages = PAGES_ONE, .names_process = true, .weight = 1, .rule = RULE_NOT_COLLAPSED,
	  .expect = expect_collapse, .act = act_collapse },
	{ .name = "populate",
	  .what = "MADV_POPULATE_READ, MADV_POPULATE_WRITE: faultin_page_range()",
	  .options = { "read|write" }, .pages = PAGES_ONE, .names_process = true, .weight = 4,
	  .rule = RULE_SHARED_IS_COPIED, .expect = expect_populate, .act = act_populate },
	{ .name = "inherit",
	  .what = "MADV_DONTFORK, _DOFORK, _WIPEONFORK, _KEEPONFORK: dup_mmap()",
	  .options = { "drop|copy|wipe|keep" }, .pages = PAGES_SOME, .names_process = true,
	  .weight = 3, .rule = RULE_NOT_FORKED, .expect = expect_inherit, .act = act_inherit },
	{ .name = "guard",
	  .what = "MADV_GUARD_INSTALL, MADV_GUARD_REMOVE: guard_install_set_pte(), "
		  "handle_pte_marker()",
	  .options = { "install|remove" }, .pages = PAGES_SOME, .names_process = true,
	  .weight = 3, .rule = RULE_GUARD_FREES, .possible = guard_possible,
	  .expect = expect_guard, .act = act_guard },
	{ .name = "move",
	  .what = "mremap(2) to the other buffer, also MREMAP_DONTUNMAP: move_ptes()",
	  .options = { "away|keep" }, .pages = PAGES_ONE, .names_process = true, .weight = 5,
	  .rule = RULE_MOVES_WITH_ADDRESS, .possible = move_possible, .expect = expect_move,
	  .act = act_move },
};

const struct op_row *op_advice_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
