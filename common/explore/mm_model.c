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

const struct mm_may_text *mm_may_text(enum mm_may may)
{
#define MM_MAY_TEXT(id, what, first, second) [MAY_##id] = { what, first, second },
	static const struct mm_may_text texts[MAY_COUNT] = { MM_MAYS(MM_MAY_TEXT) };
#undef MM_MAY_TEXT

	return &texts[may];
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

int mm_map_file(struct mm_model *m, int pages)
{
	struct mm_page *page = m->process[MM_OWNER].page + m->buffers * MM_BUFFER_PAGES;
	const int first = m->contents;
	int i;

	mm_map(m, pages);
	for (i = 0; i < pages; i++) {
		page[i].file = true;
		page[i].source = mm_new_content(m);
	}
	return first;
}

struct mm_page *mm_page_of(struct mm_model *m, enum mm_who who, int page)
{
	return &m->process[who].page[page];
}

bool mm_differs(const struct mm_model *one, const struct mm_model *other, enum mm_who who, int page)
{
	const struct mm_page *was = &one->process[who].page[page];
	const struct mm_page *is = &other->process[who].page[page];

	if (memcmp(was, is, sizeof(*was)))
		return true;
	return is->frame >= 0 && memcmp(&one->frame[is->frame], &other->frame[is->frame],
					sizeof(other->frame[0]));
}

int mm_new_frame(struct mm_model *m, struct mm_frame frame)
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
void mm_put(struct mm_model *m, int frame)
{
	if (frame >= 0 && !mm_mappings(m, frame) && !mm_holders(m, frame))
		m->frame[frame].used = false;
}

/* The page maps @frame from now on. */
void mm_remap(struct mm_model *m, struct mm_page *page, int frame)
{
	const int old = page->frame;

	page->frame = frame;
	page->has_anon = true;
	mm_put(m, old);
}

int mm_content(const struct mm_model *m, enum mm_who who, int page)
{
	const struct mm_page *it = &m->process[who].page[page];

	return it->frame < 0 ? it->source : m->frame[it->frame].content;
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
 * clean PTE, since a device-private entry has no dirty bit. Up to 6.1 the dirty
 * bit is restored by pte_mkdirty(), which also sets the soft-dirty bit.
 */
void mm_move(struct mm_model *m, int number, enum place to)
{
	struct mm_frame *frame = &m->frame[number];
	const bool was_entry = frame->at == PLACE_PRIVATE;
	int p, i;

	if (!mm_effect(m, EFFECT_MOVE))
		return;
	frame->at = to;
	frame->movable = false;
	frame->lazy = frame->lazy ? LAZY_UNSURE : LAZY_NO;
	frame->node = 0;
	frame->pfn = 0;
	for (p = 0; p < MM_PROCESSES; p++) {
		for (i = 0; i < MM_PAGES; i++) {
			struct mm_page *page = &m->process[p].page[i];

			if (page->frame != number)
				continue;
			if (was_entry)
				page->dirty = false;
			else if (m->kernel.move_marks_dirty && page->dirty && to != PLACE_PRIVATE)
				page->soft = true;
			/* maybe_mkwrite() */
			if (was_entry && page->prot != MM_READ_WRITE)
				page->write = false;
		}
	}
}

void mm_stay(struct mm_model *m, int number)
{
	int p, i;

	if (!m->kernel.move_marks_dirty || m->frame[number].at == PLACE_PRIVATE)
		return;
	/* page_try_share_anon_rmap() fails, and the entry is not replaced. */
	if (m->frame[number].exclusive && m->frame[number].pins)
		return;
	for (p = 0; p < MM_PROCESSES; p++) {
		for (i = 0; i < MM_PAGES; i++) {
			struct mm_page *page = &m->process[p].page[i];

			if (page->frame == number && page->dirty)
				page->soft = true;
		}
	}
}

void mm_hold(struct mm_model *m, enum mm_holder hold, int page, bool pin)
{
	const int frame = mm_page_of(m, MM_OWNER, page)->frame;

	if (frame < 0)
		return;
	m->hold[hold] = (struct mm_hold){ .used = true, .pin = pin, .frame = frame, .page = page };
	if (!mm_effect(m, EFFECT_HOLD))
		return;
	if (pin)
		m->frame[frame].pins++;
	else
		m->frame[frame].gets++;
}

/* A registered buffer that both rings have is released with the second one. */
static bool is_still_held(struct mm_model *m, const struct mm_hold *old)
{
	int i;

	for (i = HOLD_FIXED; i <= HOLD_FIXED_2; i++) {
		struct mm_hold *other = &m->hold[i];

		if (old->shared && other->used && other->shared) {
			other->shared = false;
			return true;
		}
	}
	return false;
}

void mm_let_go_of(struct mm_model *m, const struct mm_hold *old)
{
	struct mm_frame *frame = &m->frame[old->frame];

	if (is_still_held(m, old) || !mm_effect(m, EFFECT_LET_GO))
		return;
	if (old->pin)
		frame->pins -= frame->pins > 0;
	else
		frame->gets -= frame->gets > 0;
	mm_put(m, old->frame);
}

void mm_let_go(struct mm_model *m, enum mm_holder hold)
{
	const struct mm_hold old = m->hold[hold];

	m->hold[hold].used = false;
	if (old.used)
		mm_let_go_of(m, &old);
}

void mm_clone_hold(struct mm_model *m, enum mm_holder from, enum mm_holder to)
{
	m->hold[to] = m->hold[from];
	if (!mm_effect(m, EFFECT_HOLD))
		return;
	m->hold[from].shared = true;
	m->hold[to].shared = true;
}

int mm_registered(const struct mm_model *m)
{
	return m->hold[HOLD_FIXED].used + m->hold[HOLD_FIXED_2].used -
	       (m->hold[HOLD_FIXED].used && m->hold[HOLD_FIXED].shared);
}
