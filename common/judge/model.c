// SPDX-License-Identifier: GPL-2.0
#include "judge/model.h"

#include <string.h>

#include "kernel/kernel.h"

static void page_before(struct page_model *page, const struct cell *cell, size_t number)
{
	const struct mapping *mapping = cell->mapping;
	int aspect;

	memset(page, 0, sizeof(*page));
	page->at = cell->place;
	page->vma_read = mapping->vma_read;
	page->vma_write = mapping->vma_write;
	page->permission = cell->place == PLACE_PRIVATE ? mapping->private_permission :
						    mapping->permission;
	if (!cell_places(cell, number))
		page->at = PLACE_SYSTEM;
	if (!cell_protects(cell, number)) {
		page->vma_write = true;
		page->permission = PERM_RW;
	}
	page->exclusive = mapping->exclusive;
	/*
	 * The dump would fault in a page that is not present, and cannot get
	 * one that may not be read.
	 */
	page->exclusive_open = cell->place == PLACE_PRIVATE || !mapping->vma_read ||
			       !features.gup_test;
	page->shared = mapping->shared;
	page->uffd_wp = mapping->uffd_wp;
	page->owner = DATA_OLD;
	page->soft_dirty_open = !mapping->soft_dirty;
	if (cell_leaves_hole(cell, number)) {
		page->at = PLACE_NOWHERE;
		page->permission = PERM_NONE;
		page->owner = DATA_ZERO;
		page->exclusive_open = true;
	}
	page->same_frame = true;
	page->child_same_frame = page->shared;
	page->child_at = page->shared ? page->at : PLACE_NOWHERE;
	page->child = page->shared ? DATA_OLD : DATA_NOT_LOOKED;
	page->medium = cell->access->to_medium || cell->access->from_medium ? DATA_OLD :
									      DATA_NOT_LOOKED;
	page->holder = DATA_NOT_LOOKED;
	page->reader = DATA_NOT_LOOKED;
	for (aspect = 0; aspect < ASPECT_COUNT; aspect++)
		page->by[aspect] = RULE_NOTHING_ELSE_CHANGES;
}

void model_before(struct model *model, const struct cell *cell)
{
	size_t i;

	memset(model, 0, sizeof(*model));
	model->pages = extent_row(cell->extent)->pages;
	for (i = 0; i < model->pages; i++)
		page_before(&model->page[i], cell, i);
}

/*
 * The bytes that each observer must see, if the access has transferred, or
 * still holds, pages [0, @done).
 */
static void data_rules(struct model *model, const struct cell *cell, size_t done)
{
	const struct access *access = cell->access;
	size_t i;

	for (i = 0; i < model->pages; i++) {
		struct page_model *page = &model->page[i];

		if (page->child == DATA_OLD)
			page_sign(page, ASPECT_CHILD_DATA, RULE_NO_LEAK);
		/*
		 * An access that gets only some of its pages returns an error
		 * and releases them: pin_longterm_test_start(), mm/gup_test.c.
		 */
		if (i < done && access->held) {
			page->holder = page->owner == DATA_ZERO ? DATA_ZERO : DATA_OLD;
			page_sign(page, ASPECT_HOLDER_DATA, RULE_PIN_FOLLOWS_OWNER);
		}
		if (i >= done)
			continue;
		if (access->reads) {
			page->reader = page->owner;
			page_sign(page, ASPECT_READER_DATA, RULE_BYTES_ARRIVE);
		}
		if (access->stores) {
			page->owner = DATA_NEW;
			page_sign(page, ASPECT_OWNER_DATA, RULE_BYTES_ARRIVE);
		}
		if (access->reach == REACH_CHILD_CPU && access->write_fault) {
			page->child = DATA_NEW;
			page_sign(page, ASPECT_OWNER_DATA, RULE_NO_LEAK);
		}
		if (access->to_medium) {
			page->medium = page->owner == DATA_ZERO ? DATA_ZERO : DATA_NEW;
			page_sign(page, ASPECT_MEDIUM_DATA, RULE_BYTES_ARRIVE);
		}
	}
}

static long failure(int refusal)
{
	/* The result of gup_test is a number of bytes, never an errno. */
	if (!refusal)
		return 0;
	return refusal < 0 ? KILLED_BY(-refusal) : -refusal;
}

/* The access may have stored to pages [0, @count), each as a whole, or not. */
static void leave_bytes_open(struct model *model, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		model->page[i].owner_open = true;
}

void model_after(struct model *model, const struct cell *cell)
{
	struct attempt attempt = { .cell = cell, .access = cell->access };
	const struct access *access = cell->access;
	size_t reached, done;

	model_before(model, cell);
	model->result_by = RULE_BYTES_ARRIVE;
	for (reached = 0; reached < model->pages; reached++) {
		attempt.page = &model->page[reached];
		if (!page_attempt(&attempt))
			break;
	}
	done = reached;
	if (reached == model->pages) {
		model->result =
			access->unit == UNIT_BYTES ? (long)(model->pages * features.page_size) : 0;
	} else {
		model->result_by = attempt.refused_by;
		model->result = failure(attempt.refusal);
		if (!reached) {
			done = 0;
		} else if (access->partial_count) {
			model->result = features.page_size *
				(access->rounds_up && cell_is_mixed(cell) ? model->pages : reached);
			model->result_by = RULE_PARTIAL_TRANSFER;
		} else if (access->reach != REACH_CPU) {
			/* It transfers either all bytes or none. */
			done = 0;
		}
		/*
		 * A filesystem submits the pages that it got and then gets the
		 * error. It may return either (iomap_dio_rw()), and the bytes
		 * before the error may have arrived.
		 */
		if (reached && access->from_medium && access->reach == REACH_DIO &&
		    !access->partial_count) {
			model->result_open = true;
			model->result_or = reached * features.page_size;
			leave_bytes_open(model, reached);
		}
		/*
		 * The driver writes the pages that its mirror has before it
		 * faults in the others (dmirror_write(), lib/test_hmm.c).
		 */
		if (access->reach == REACH_MIRROR)
			leave_bytes_open(model, reached);
	}
	data_rules(model, cell, done);
	/*
	 * The place of the page is what this cell tests, so name the rule for
	 * the result also if no other rule did.
	 */
	if (access->reach == REACH_MIGRATION_AWAY && model->result_by == RULE_BYTES_ARRIVE)
		model->result_by = RULE_ENTRY;
	/*
	 * Migration to a device that already has the page: the result depends
	 * on what the driver had cached, so no rule determines it.
	 */
	if (access->reach == REACH_MIGRATION_AWAY && cell->place == PLACE_REMOTE) {
		model->result_open = true;
		model->result_or = 0;
	}
}
