// SPDX-License-Identifier: GPL-2.0
#include "explore/mm_model.h"

#include <string.h>

const char *mm_effect_name(enum mm_effect effect)
{
#define MM_EFFECT_NAME(id, name) [EFFECT_##id] = (name),
	static const char *const names[EFFECT_COUNT] = { MM_EFFECTS(MM_EFFECT_NAME) };
#undef MM_EFFECT_NAME

	return names[effect];
}

bool mm_effect(struct mm_model *m, enum mm_effect effect)
{
	m->effects |= BIT(effect);
	return m->wrong != (int)effect;
}

void mm_init(struct mm_model *m, const struct mm_kernel *kernel)
{
	size_t p, i;

	memset(m, 0, sizeof(*m));
	m->kernel = *kernel;
	m->wrong = -1;
	m->contents = 1;
	for (i = 0; i < MM_PAGES; i++)
		m->medium[i] = -1;
	m->process[MM_OWNER].alive = true;
	for (p = 0; p < MM_PROCESSES; p++)
		for (i = 0; i < MM_PAGES; i++)
			m->process[p].page[i].frame = -1;
}

int mm_new_content(struct mm_model *m)
{
	return m->contents < MM_CONTENTS ? m->contents++ : MM_CONTENTS - 1;
}

void mm_map(struct mm_model *m, int pages)
{
	struct mm_page *page = m->process[MM_OWNER].page + m->buffers * MM_BUFFER_PAGES;
	int i;

	for (i = 0; i < pages; i++)
		page[i] = (struct mm_page){ .mapped = true, .prot = MM_READ_WRITE, .frame = -1 };
	m->buffers++;
}

static struct mm_page *page_of(struct mm_model *m, enum mm_who who, int page)
{
	return &m->process[who].page[page];
}

static int new_frame(struct mm_model *m, struct mm_frame frame)
{
	int i;

	for (i = 0; i < MM_FRAMES - 1 && m->frame[i].used; i++)
		;
	frame.used = true;
	m->frame[i] = frame;
	return i;
}

int mm_mappings(const struct mm_model *m, int frame)
{
	int p, i, count = 0;

	for (p = 0; p < MM_PROCESSES; p++)
		for (i = 0; i < MM_PAGES; i++)
			count += m->process[p].page[i].frame == frame;
	return count;
}

int mm_holders(const struct mm_model *m, int frame)
{
	return m->frame[frame].gets + m->frame[frame].pins;
}

/* Free the frame with its last reference. */
static void put(struct mm_model *m, int frame)
{
	if (frame >= 0 && !mm_mappings(m, frame) && !mm_holders(m, frame))
		m->frame[frame].used = false;
}

/* The page maps @frame from now on. */
static void remap(struct mm_model *m, struct mm_page *page, int frame)
{
	const int old = page->frame;

	page->frame = frame;
	put(m, old);
}

int mm_content(const struct mm_model *m, enum mm_who who, int page)
{
	const int frame = m->process[who].page[page].frame;

	return frame < 0 ? 0 : m->frame[frame].content;
}

void mm_store(struct mm_model *m, enum mm_who who, int page, int content)
{
	const int frame = m->process[who].page[page].frame;

	if (frame >= 0 && mm_effect(m, EFFECT_STORE))
		m->frame[frame].content = content;
}

/*
 * The frame is replaced by one at @to, in every process that maps it: with the
 * same bytes, permission and exclusivity (migrate_vma_pages(),
 * remove_migration_pte()). A page that was device-private comes back with a
 * clean PTE, since a device-private entry has no dirty bit.
 */
static void move(struct mm_model *m, int number, enum place to)
{
	struct mm_frame *frame = &m->frame[number];
	const bool was_entry = frame->at == PLACE_PRIVATE;
	int p, i;

	if (!mm_effect(m, EFFECT_MOVE))
		return;
	frame->at = to;
	frame->movable = false;
	frame->pfn = 0;
	for (p = 0; p < MM_PROCESSES; p++) {
		for (i = 0; i < MM_PAGES; i++) {
			struct mm_page *page = &m->process[p].page[i];

			if (page->frame != number)
				continue;
			if (was_entry)
				page->dirty = false;
			/* maybe_mkwrite() */
			if (was_entry && page->prot != MM_READ_WRITE)
				page->write = false;
		}
	}
}

/* Make the frame of @page exclusive, if this process is its only user. */
static bool reuse(struct mm_model *m, struct mm_page *page)
{
	struct mm_frame *frame = &m->frame[page->frame];

	if (frame->exclusive)
		return true;
	if (frame->zero || mm_mappings(m, page->frame) + mm_holders(m, page->frame) != 1)
		return false;
	if (mm_effect(m, EFFECT_REUSE))
		frame->exclusive = true;
	return true;
}

/* wp_page_copy() */
static void copy(struct mm_model *m, struct mm_page *page)
{
	const struct mm_frame own = { .at = PLACE_SYSTEM, .exclusive = true,
				      .content = m->frame[page->frame].content };

	if (mm_effect(m, EFFECT_COPY))
		remap(m, page, new_frame(m, own));
}

/* maybe_mkwrite(pte_mkdirty()) */
static void make_writable(struct mm_model *m, struct mm_page *page)
{
	page->dirty = true;
	if (page->prot == MM_READ_WRITE && mm_effect(m, EFFECT_MAKE_WRITABLE))
		page->write = true;
}

static int zero_frame(struct mm_model *m)
{
	const struct mm_frame zero = { .zero = true, .at = PLACE_SYSTEM };
	int i;

	for (i = 0; i < MM_FRAMES; i++)
		if (m->frame[i].used && m->frame[i].zero)
			return i;
	return new_frame(m, zero);
}

/* do_anonymous_page() */
static void fill(struct mm_model *m, struct mm_page *page, bool write)
{
	const struct mm_frame own = { .at = PLACE_SYSTEM, .exclusive = true };

	if (!mm_effect(m, EFFECT_FILL))
		return;
	page->frame = write ? new_frame(m, own) : zero_frame(m);
	page->write = write && page->prot == MM_READ_WRITE;
	page->dirty = page->write;
	page->uffd_wp = false;
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
	if (mm_holders(m, number) && mm_effect(m, EFFECT_HELD_STAYS))
		return MM_BUSY;
	move(m, number, PLACE_SYSTEM);
	return MM_ALLOWED;
}

enum mm_denial mm_access(struct mm_model *m, enum mm_who who, int number, struct mm_access access)
{
	struct mm_page *page = page_of(m, who, number);
	const enum mm_denial denial = permitted(page, access);

	if (denial)
		return denial;
	/* do_swap_page(), migrate_to_ram() */
	if (page->frame >= 0 && m->frame[page->frame].at == PLACE_PRIVATE)
		move(m, page->frame, PLACE_SYSTEM);
	if (access.write && page->frame >= 0 && page->uffd_wp)
		return MM_UFFD_STOPS;
	if (page->frame < 0)
		fill(m, page, access.write);
	if (page->frame < 0)
		return MM_ALLOWED;	/* only if an effect is left out */
	if (access.write) {
		if (page->write && !access.gup)
			page->dirty = true;
		/* can_follow_write_pte(): FOLL_FORCE writes an exclusive page in place */
		if (!page->write && (page->prot == MM_READ_WRITE ||
				     !m->frame[page->frame].exclusive))
			write_fault(m, page);
	} else if (access.pin && !m->frame[page->frame].exclusive) {
		unshare(m, page, access.longterm);
	}
	if (access.pin)
		m->process[who].has_pinned = true;
	return access.longterm ? make_pinnable(m, page->frame) : MM_ALLOWED;
}

void mm_hold(struct mm_model *m, enum mm_holder hold, int page, bool pin)
{
	const int frame = page_of(m, MM_OWNER, page)->frame;

	if (frame < 0)
		return;
	m->hold[hold] = (struct mm_hold){ .used = true, .frame = frame, .page = page };
	if (!mm_effect(m, EFFECT_HOLD))
		return;
	if (pin)
		m->frame[frame].pins++;
	else
		m->frame[frame].gets++;
}

void mm_let_go(struct mm_model *m, enum mm_holder hold)
{
	struct mm_frame *frame = &m->frame[m->hold[hold].frame];

	if (!m->hold[hold].used)
		return;
	m->hold[hold].used = false;
	if (!mm_effect(m, EFFECT_LET_GO))
		return;
	if (hold == HOLD_PIPE || hold == HOLD_PIPE_2)
		frame->gets -= frame->gets > 0;
	else
		frame->pins -= frame->pins > 0;
	put(m, m->hold[hold].frame);
}

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
	struct mm_page *page = page_of(m, who, number);
	const struct mm_frame own = { .at = to, .exclusive = true };

	if (page->frame < 0 || m->frame[page->frame].zero) {
		if (!mm_effect(m, EFFECT_FILL))
			return;
		remap(m, page, new_frame(m, own));
		page->write = page->prot == MM_READ_WRITE;
		page->dirty = page->write;
		page->uffd_wp = false;
	} else if (m->frame[page->frame].at == PLACE_SYSTEM && can_move(m, page->frame)) {
		move(m, page->frame, to);
	}
}

/* migrate_vma_collect_pmd() with MIGRATE_VMA_SELECT_DEVICE_COHERENT or _PRIVATE */
void mm_migrate_back(struct mm_model *m, enum mm_who who, int number, enum place from)
{
	const int frame = page_of(m, who, number)->frame;

	if (frame >= 0 && m->frame[frame].at == from && can_move(m, frame))
		move(m, frame, PLACE_SYSTEM);
}

/* dmirror_device_evict_chunk(), lib/test_hmm.c; migrate_device_range() */
void mm_evict(struct mm_model *m, enum place from)
{
	int i;

	for (i = 0; i < MM_FRAMES; i++)
		if (m->frame[i].used && m->frame[i].at == from && can_move(m, i))
			move(m, i, PLACE_SYSTEM);
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
		to->frame = new_frame(m, own);
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
	struct mm_page *page = page_of(m, who, number);
	const int frame = page->frame;

	if (frame < 0 || !mm_effect(m, EFFECT_ZAP))
		return;
	page->frame = -1;
	page->write = false;
	page->dirty = false;
	page->uffd_wp = false;
	put(m, frame);
}

void mm_unmap(struct mm_model *m, enum mm_who who, int number)
{
	struct mm_page *page = page_of(m, who, number);

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
	struct mm_page *page = page_of(m, who, number);
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
	struct mm_page *page = page_of(m, who, number);

	if (page->frame < 0 || page->uffd_wp == on || !mm_effect(m, EFFECT_MARK))
		return;
	page->uffd_wp = on;
	if (on)
		page->write = false;
}
