// SPDX-License-Identifier: GPL-2.0
#include "explore/mm_access.h"

/* Make the frame of @page exclusive, if this process is its only user. */
static bool reuse(struct mm_model *m, struct mm_page *page)
{
	struct mm_frame *frame = &m->frame[page->frame];

	if (frame->exclusive)
		return true;
	if (frame->zero || frame->ksm ||
	    mm_mappings(m, page->frame) + mm_holders(m, page->frame) != 1)
		return false;
	if (mm_effect(m, EFFECT_REUSE))
		frame->exclusive = true;
	return true;
}

/* wp_page_copy() */
static void copy(struct mm_model *m, struct mm_page *page)
{
	const struct mm_frame own = { .at = PLACE_SYSTEM, .exclusive = true, .node = page->node,
				      .content = m->frame[page->frame].content };

	if (mm_effect(m, EFFECT_COPY))
		mm_remap(m, page, mm_new_frame(m, own));
}

/* pte_mkdirty() also sets the soft-dirty bit. */
static void make_dirty(struct mm_model *m, struct mm_page *page)
{
	page->dirty = true;
	if (!page->soft && (!page->tracked || mm_effect(m, EFFECT_SOFT)))
		page->soft = true;
}

/* maybe_mkwrite(pte_mkdirty()) */
static void make_writable(struct mm_model *m, struct mm_page *page)
{
	make_dirty(m, page);
	if (page->prot == MM_READ_WRITE && mm_effect(m, EFFECT_MAKE_WRITABLE))
		page->write = true;
}

/* The zero page, or the page of the file. */
static int zero_frame(struct mm_model *m, const struct mm_page *page)
{
	const struct mm_frame zero = { .zero = true, .at = PLACE_SYSTEM,
				       .content = page->source };
	int i;

	for (i = 0; i < MM_FRAMES; i++)
		if (m->frame[i].used && m->frame[i].zero && m->frame[i].content == page->source)
			return i;
	return mm_new_frame(m, zero);
}

/* do_anonymous_page(), do_read_fault(), do_cow_fault() */
static void fill(struct mm_model *m, struct mm_page *page, bool write)
{
	const struct mm_frame own = { .at = PLACE_SYSTEM, .exclusive = true, .node = page->node,
				      .content = page->source };

	if (!mm_effect(m, EFFECT_FILL))
		return;
	page->frame = write ? mm_new_frame(m, own) : zero_frame(m, page);
	page->has_anon |= write;
	page->write = write && page->prot == MM_READ_WRITE;
	page->dirty = false;
	page->soft = false;
	page->uffd_wp = false;
	if (page->write || (write && page->file))
		make_dirty(m, page);
}

/* do_wp_page() */
static void write_fault(struct mm_model *m, struct mm_page *page)
{
	if (!reuse(m, page))
		copy(m, page);
	make_writable(m, page);
}

/* gup_must_unshare(), do_wp_page() with FAULT_FLAG_UNSHARE */
static void unshare(struct mm_model *m, struct mm_page *page, bool longterm)
{
	if (m->frame[page->frame].zero && !(longterm && m->kernel.longterm_own_page))
		return;
	if (reuse(m, page))
		return;
	copy(m, page);
	page->write = false;
	page->dirty = false;
}

void mm_unmerge(struct mm_model *m, enum mm_who who, int number)
{
	struct mm_page *page = mm_page_of(m, who, number);

	/* Only what a present or a migration entry maps. */
	if (page->frame < 0 || !m->frame[page->frame].ksm ||
	    m->frame[page->frame].at == PLACE_PRIVATE)
		return;
	if (m->kernel.unmerge_unshares)
		unshare(m, page, false);
	else if (!page->uffd_wp && page->prot != MM_NONE)
		write_fault(m, page);
	/*
	 * In 6.1 the page stays merged if userfaultfd stops the write, and if follow_page() does
	 * not find it, because it may not be accessed (gup_can_follow_protnone()).
	 */
}

/* check_vma_flags(), mm/gup.c; access_error(), arch fault.c */
static enum mm_denial permitted(const struct mm_page *page, struct mm_access access)
{
	if (!page->mapped)
		return MM_NO_VMA;
	if (access.force)
		return MM_ALLOWED;
	if (page->prot == MM_NONE)
		return MM_NO_READ;
	return access.write && page->prot != MM_READ_WRITE ? MM_NO_WRITE : MM_ALLOWED;
}

/* check_and_migrate_movable_pages() */
static enum mm_denial make_pinnable(struct mm_model *m, int number)
{
	const struct mm_frame *frame = &m->frame[number];

	if (frame->at == PLACE_SYSTEM && !frame->movable)
		return MM_ALLOWED;
	if (mm_holders(m, number) && mm_effect(m, EFFECT_HELD_STAYS)) {
		mm_stay(m, number);
		return MM_BUSY;
	}
	mm_move(m, number, PLACE_SYSTEM);
	return MM_ALLOWED;
}

enum mm_denial mm_access(struct mm_model *m, enum mm_who who, int number, struct mm_access access)
{
	struct mm_page *page = mm_page_of(m, who, number);
	const enum mm_denial denial = permitted(page, access);

	if (denial)
		return denial;
	/* handle_pte_marker() */
	if (page->guard)
		return MM_GUARDED;
	/* do_swap_page(), migrate_to_ram() */
	if (page->frame >= 0 && m->frame[page->frame].at == PLACE_PRIVATE) {
		mm_move(m, page->frame, PLACE_SYSTEM);
		m->frame[page->frame].node = page->node;
	}
	if (access.write && page->frame >= 0 && page->uffd_wp)
		return MM_UFFD_STOPS;
	if (page->frame < 0)
		fill(m, page, access.write);
	if (page->frame < 0)
		return MM_ALLOWED;	/* only if an effect is left out */
	/* FOLL_TOUCH or the user of the page may make the folio dirty, but not the PTE. */
	if (access.write && access.gup && m->frame[page->frame].lazy)
		m->frame[page->frame].lazy = LAZY_UNSURE;
	if (access.write) {
		if (page->write && !access.gup)
			page->dirty = true;
		/*
		 * can_follow_write_pte(): FOLL_FORCE writes an exclusive page in place, unless
		 * a fault must set the soft-dirty bit
		 */
		if (!page->write && (page->prot == MM_READ_WRITE ||
				     !m->frame[page->frame].exclusive ||
				     (page->tracked && !page->soft)))
			write_fault(m, page);
	} else if (access.pin && !m->frame[page->frame].exclusive) {
		unshare(m, page, access.longterm);
	}
	if (access.pin)
		m->process[who].has_pinned = true;
	return access.longterm ? make_pinnable(m, page->frame) : MM_ALLOWED;
}
