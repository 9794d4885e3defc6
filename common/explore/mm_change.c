// SPDX-License-Identifier: GPL-2.0
#include "explore/mm_change.h"

/*
 * migrate_vma_check_page(), folio_migrate_mapping(): a page with more
 * references than mappings stays.
 */
static bool can_move(struct mm_model *m, int frame)
{
	return !mm_holders(m, frame) || !mm_effect(m, EFFECT_HELD_STAYS);
}

/* migrate_vma_collect_pmd() with MIGRATE_VMA_SELECT_SYSTEM, migrate_vma_insert_page() */
void mm_migrate_to(struct mm_model *m, enum mm_who who, int number, enum place to)
{
	struct mm_page *page = mm_page_of(m, who, number);
	const struct mm_frame own = { .at = to, .exclusive = true };

	if (page->frame < 0 || m->frame[page->frame].zero) {
		if (!mm_effect(m, EFFECT_FILL))
			return;
		mm_remap(m, page, mm_new_frame(m, own));
		page->write = page->prot == MM_READ_WRITE;
		page->dirty = page->write;
		page->uffd_wp = false;
	} else if (m->frame[page->frame].at == PLACE_SYSTEM && can_move(m, page->frame)) {
		mm_move(m, page->frame, to);
	}
}

/* migrate_vma_collect_pmd() with MIGRATE_VMA_SELECT_DEVICE_COHERENT or _PRIVATE */
void mm_migrate_back(struct mm_model *m, enum mm_who who, int number, enum place from)
{
	const int frame = mm_page_of(m, who, number)->frame;

	if (frame >= 0 && m->frame[frame].at == from && can_move(m, frame))
		mm_move(m, frame, PLACE_SYSTEM);
}

/* dmirror_device_evict_chunk(), lib/test_hmm.c; migrate_device_range() */
void mm_evict(struct mm_model *m, enum place from)
{
	int i;

	for (i = 0; i < MM_FRAMES; i++)
		if (m->frame[i].used && m->frame[i].at == from && can_move(m, i))
			mm_move(m, i, PLACE_SYSTEM);
}

/*
 * copy_present_pte(), copy_present_page(), copy_nonpresent_pte(): a page that is
 * pinned by this process is copied, every other one is shared.
 */
static void fork_page(struct mm_model *m, enum mm_who parent, struct mm_page *from,
		      struct mm_page *to)
{
	struct mm_frame *frame = &m->frame[from->frame];
	const struct mm_frame own = { .at = PLACE_SYSTEM, .exclusive = true,
				      .content = frame->content };

	if (!mm_effect(m, EFFECT_SHARE))
		return;
	/* userfaultfd is not inherited, and neither is its protection: dup_userfaultfd(). */
	to->uffd_wp = false;
	if (frame->zero) {
		to->frame = from->frame;
	} else if (frame->exclusive && frame->pins && m->process[parent].has_pinned &&
		   mm_effect(m, EFFECT_PINNED_IS_COPIED)) {
		to->frame = mm_new_frame(m, own);
		to->write = to->prot == MM_READ_WRITE;
		to->dirty = true;
	} else {
		to->frame = from->frame;
		to->dirty = from->dirty;
		if (!mm_effect(m, EFFECT_SHARE_READ_ONLY))
			return;
		frame->exclusive = false;
		from->write = false;
		to->write = false;
	}
}

void mm_fork(struct mm_model *m, enum mm_who parent, enum mm_who child)
{
	struct mm_process *from = &m->process[parent], *to = &m->process[child];
	int i;

	*to = (struct mm_process){ .alive = true, .parent = parent };
	for (i = 0; i < MM_PAGES; i++) {
		to->page[i] = (struct mm_page){ .mapped = from->page[i].mapped,
						.prot = from->page[i].prot, .frame = -1 };
		if (from->page[i].frame >= 0)
			fork_page(m, parent, &from->page[i], &to->page[i]);
	}
}

/* zap_pte_range() */
void mm_zap(struct mm_model *m, enum mm_who who, int number)
{
	struct mm_page *page = mm_page_of(m, who, number);
	const int frame = page->frame;

	if (frame < 0 || !mm_effect(m, EFFECT_ZAP))
		return;
	page->frame = -1;
	page->write = false;
	page->dirty = false;
	page->uffd_wp = false;
	mm_put(m, frame);
}

void mm_unmap(struct mm_model *m, enum mm_who who, int number)
{
	struct mm_page *page = mm_page_of(m, who, number);

	mm_zap(m, who, number);
	*page = (struct mm_page){ .frame = page->frame };
}

void mm_exit(struct mm_model *m, enum mm_who who)
{
	struct mm_process *process = &m->process[who];
	int i;

	for (i = 0; i < MM_PAGES; i++)
		mm_unmap(m, who, i);
	process->alive = false;
	for (i = 0; i < MM_PROCESSES; i++)
		if (m->process[i].parent == who)
			m->process[i].parent = MM_OWNER;
	/* exit_files() comes after exit_mm(); the last close of a device evicts its pages. */
	for (i = 0; i < PLACE_COUNT; i++)
		if (process->mirrors[i] && m->kernel.close_evicts)
			mm_evict(m, i);
}

/*
 * change_pte_range(). A device-private entry becomes read-only and is never made
 * writable again.
 */
void mm_protect(struct mm_model *m, enum mm_who who, int number, enum mm_prot prot)
{
	struct mm_page *page = mm_page_of(m, who, number);
	const bool entry = page->frame >= 0 && m->frame[page->frame].at == PLACE_PRIVATE;

	if (page->prot == prot || !mm_effect(m, EFFECT_PROTECT))
		return;
	page->prot = prot;
	page->write = false;
	/* can_change_pte_writable() */
	if (prot == MM_READ_WRITE && page->frame >= 0 && !entry && !page->uffd_wp &&
	    m->frame[page->frame].exclusive && (page->dirty || m->kernel.clean_upgrades) &&
	    mm_effect(m, EFFECT_MAKE_WRITABLE))
		page->write = true;
}

/* change_pte_range() with MM_CP_UFFD_WP or MM_CP_UFFD_WP_RESOLVE */
void mm_uffd_wp(struct mm_model *m, enum mm_who who, int number, bool on)
{
	struct mm_page *page = mm_page_of(m, who, number);

	if (page->frame < 0 || page->uffd_wp == on || !mm_effect(m, EFFECT_MARK))
		return;
	page->uffd_wp = on;
	if (on)
		page->write = false;
}
