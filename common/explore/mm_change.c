// SPDX-License-Identifier: GPL-2.0
#include "explore/mm_change.h"

/*
 * migrate_vma_check_page(), folio_migrate_mapping(): a page with more
 * references than mappings stays.
 */
static bool can_move(struct mm_model *m, int frame)
{
	if (!mm_holders(m, frame) || !mm_effect(m, EFFECT_HELD_STAYS))
		return true;
	mm_stay(m, frame);
	return false;
}

/* migrate_vma_collect_pmd() with MIGRATE_VMA_SELECT_SYSTEM, migrate_vma_insert_page() */
bool mm_migrate_to(struct mm_model *m, enum mm_who who, int number, enum place to)
{
	struct mm_page *page = mm_page_of(m, who, number);
	const struct mm_frame own = { .at = to, .exclusive = true };

	/* migrate_vma_collect_pmd(); __migrate_device_pages() leaves what is of a file */
	if (page->guard ||
	    (page->file && (page->frame < 0 || m->frame[page->frame].zero)))
		return false;
	if (page->frame < 0 || m->frame[page->frame].zero) {
		if (!mm_effect(m, EFFECT_FILL))
			return false;
		mm_remap(m, page, mm_new_frame(m, own));
		page->write = page->prot == MM_READ_WRITE;
		page->dirty = page->write;
		/* pte_mkdirty(); a device-private entry has no soft-dirty bit then */
		page->soft = page->write && to != PLACE_PRIVATE;
		page->uffd_wp = false;
		return true;
	}
	if (m->frame[page->frame].at != PLACE_SYSTEM || !can_move(m, page->frame))
		return false;
	mm_move(m, page->frame, to);
	return true;
}

/* migrate_vma_collect_pmd() with MIGRATE_VMA_SELECT_DEVICE_COHERENT or _PRIVATE */
void mm_migrate_back(struct mm_model *m, enum mm_who who, int number, enum place from)
{
	const struct mm_page *page = mm_page_of(m, who, number);
	const int frame = page->frame;

	if (frame < 0 || m->frame[frame].at != from || !can_move(m, frame))
		return;
	mm_move(m, frame, PLACE_SYSTEM);
	/* dmirror_devmem_fault_alloc_and_copy() */
	if (m->frame[frame].at == PLACE_SYSTEM)
		m->frame[frame].node = page->node;
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
	const struct mm_frame own = { .at = PLACE_SYSTEM, .exclusive = true, .node = to->node,
				      .content = frame->content };

	if (!mm_effect(m, EFFECT_SHARE))
		return;
	/* userfaultfd is not inherited, and neither is its protection: dup_userfaultfd(). */
	to->uffd_wp = false;
	/* A writable device-private entry becomes a readable one without the soft-dirty bit. */
	if (frame->at == PLACE_PRIVATE && from->write)
		from->soft = false;
	to->soft = from->soft;
	if (frame->zero) {
		/* vma_needs_copy() (6.1: in copy_page_range() itself) */
		if (from->file && !from->has_anon) {
			to->soft = false;
			return;
		}
		to->frame = from->frame;
		to->unsure = !from->has_anon;
	} else if (frame->exclusive && frame->pins && m->process[parent].has_pinned &&
		   mm_effect(m, EFFECT_PINNED_IS_COPIED)) {
		to->frame = mm_new_frame(m, own);
		to->write = to->prot == MM_READ_WRITE;
		to->dirty = true;
		to->soft = true;
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
		to->page[i] = (struct mm_page){ .frame = -1 };
		/* dup_mmap(): VM_DONTCOPY, VM_WIPEONFORK; VM_LOCKED is not inherited */
		if (!from->page[i].mapped || from->page[i].not_forked)
			continue;
		to->page[i] = (struct mm_page){ .mapped = true, .prot = from->page[i].prot,
						.tracked = from->page[i].tracked,
						.wiped = from->page[i].wiped,
						.file = from->page[i].file,
						.source = from->page[i].source,
						.node = from->page[i].node,
						.has_anon = from->page[i].has_anon &&
							    !from->page[i].wiped,
						.frame = -1 };
		if (from->page[i].frame >= 0 && !from->page[i].wiped)
			fork_page(m, parent, &from->page[i], &to->page[i]);
		/* copy_pte_marker() */
		if (from->page[i].guard && !from->page[i].wiped && mm_effect(m, EFFECT_MARK))
			to->page[i].guard = true;
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
	page->soft = false;
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

/* can_change_pte_writable(), and pte_mkwrite() if so */
static void make_writable_again(struct mm_model *m, struct mm_page *page)
{
	if (page->prot == MM_READ_WRITE && !page->uffd_wp &&
	    m->frame[page->frame].exclusive && (page->dirty || m->kernel.clean_upgrades) &&
	    (page->soft || !page->tracked) && mm_effect(m, EFFECT_MAKE_WRITABLE))
		page->write = true;
}

static bool is_entry(const struct mm_model *m, const struct mm_page *page)
{
	return page->frame >= 0 && m->frame[page->frame].at == PLACE_PRIVATE;
}

/*
 * change_pte_range(). A device-private entry becomes read-only, without its
 * soft-dirty bit, and is never made writable again. mprotect_fixup() writes to
 * the pages of a locked VMA that becomes writable.
 */
void mm_protect(struct mm_model *m, enum mm_who who, int number, enum mm_prot prot)
{
	struct mm_page *page = mm_page_of(m, who, number);
	const bool populate = page->locked && page->prot != MM_READ_WRITE && prot == MM_READ_WRITE;

	if (page->prot == prot || !mm_effect(m, EFFECT_PROTECT))
		return;
	if (is_entry(m, page) && page->write)
		page->soft = false;
	page->prot = prot;
	page->write = false;
	if (page->frame >= 0 && !is_entry(m, page))
		make_writable_again(m, page);
	if (populate)
		mm_populate(m, who, number);
}

/*
 * change_pte_range() with MM_CP_UFFD_WP or MM_CP_UFFD_WP_RESOLVE. Both remove write
 * permission; since 6.2 uffd_wp_range() restores it with MM_CP_TRY_CHANGE_WRITABLE.
 */
void mm_uffd_wp(struct mm_model *m, enum mm_who who, int number, bool on)
{
	struct mm_page *page = mm_page_of(m, who, number);

	if (page->frame < 0 || !mm_effect(m, EFFECT_MARK))
		return;
	page->uffd_wp = on;
	if (is_entry(m, page) && page->write)
		page->soft = false;
	page->write = false;
	if (!on && !is_entry(m, page) && m->kernel.clean_upgrades)
		make_writable_again(m, page);
}

/* userfaultfd_release(): userfaultfd_clear_vma() of each VMA */
void mm_uffd_close(struct mm_model *m)
{
	int i;

	for (i = 0; i < MM_PAGES; i++) {
		struct mm_page *page = mm_page_of(m, MM_OWNER, i);

		if (page->uffd)
			mm_uffd_wp(m, MM_OWNER, i, false);
		page->uffd = false;
	}
	m->uffd = false;
}

/* clear_soft_dirty(), pte_is_pinned(), fs/proc/task_mmu.c */
void mm_clear_soft(struct mm_model *m, enum mm_who who)
{
	const struct mm_process *process = &m->process[who];
	int i;

	for (i = 0; i < MM_PAGES; i++) {
		struct mm_page *page = mm_page_of(m, who, i);

		page->tracked = page->mapped;
		/* pte_swp_clear_soft_dirty() of a marker that mremap() has moved */
		if (page->guard)
			page->soft = false;
		if (page->frame < 0 || (page->write && process->has_pinned &&
					m->frame[page->frame].pins && !is_entry(m, page)) ||
		    !mm_effect(m, EFFECT_SOFT))
			continue;
		page->soft = false;
		/* The entry of a private page stays writable. */
		if (!is_entry(m, page))
			page->write = false;
	}
}

/* populate_vma_page_range(): a write where that is allowed, to break COW */
enum mm_denial mm_populate(struct mm_model *m, enum mm_who who, int number)
{
	const struct mm_page *page = mm_page_of(m, who, number);

	return mm_access(m, who, number, (struct mm_access){
		.write = page->prot == MM_READ_WRITE, .gup = true });
}

/* move_ptes(), move_soft_dirty_pte(), mremap_userfaultfd_prep(), dontunmap_complete() */
void mm_move_address(struct mm_model *m, enum mm_who who, int number, int to, bool keep)
{
	struct mm_page *page = mm_page_of(m, who, number), *target = mm_page_of(m, who, to);

	mm_unmerge(m, who, number);
	mm_unmap(m, who, to);
	if (!mm_effect(m, EFFECT_RELOCATE))
		return;
	*target = *page;
	target->uffd = false;
	target->uffd_wp = false;
	if (target->frame >= 0 || target->guard)
		target->soft = true;
	page->frame = -1;
	page->has_anon = false;	/* dontunmap_complete() */
	page->guard = false;
	page->write = false;
	page->dirty = false;
	page->uffd_wp = false;
	page->soft = false;
	page->locked = false;
	if (!keep)
		mm_unmap(m, who, number);
}
