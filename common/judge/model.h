/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model.h - the outcome that a cell must have, computed from the cell, the
 * rules and what the kernel can do
 *
 * Each rule is one function that changes a small model of a page (where it is,
 * how it is mapped, what it holds) the way the kernel must, and signs for what
 * it changed. Rules are tried in order, page by page; one that refuses the
 * access ends it. What no rule signed for stays as it was, and that is a rule
 * too.
 */
#ifndef HMM_COHERENT_MODEL_H
#define HMM_COHERENT_MODEL_H

#include "cell/cell.h"
#include "report/rules.h"

/* What is compared of a page. */
enum aspect {
	ASPECT_PLACE,
	ASPECT_PERMISSION,
	ASPECT_EXCLUSIVITY,
	ASPECT_OWNER_DATA,
	ASPECT_CHILD_PLACE,
	ASPECT_CHILD_DATA,
	ASPECT_MEDIUM_DATA,
	ASPECT_HOLDER_DATA,
	ASPECT_READER_DATA,
	ASPECT_TRACKING,
	ASPECT_COUNT
};

struct page_model {
	enum place at;
	bool same_frame;	/* as before the access */
	enum permission permission;
	bool exclusive;
	/*
	 * nothing is said about it: the kernel's dump can't be asked, or it is
	 * the shared zero page
	 */
	bool exclusive_open;
	bool shared;		/* the child maps the same page */
	enum place child_at;
	bool child_same_frame;
	enum data owner, child, medium, holder;
	enum data reader;	/* what the access itself got */
	bool soft_dirty;
	bool soft_dirty_open;	/* nothing is said about it: it was never cleared */
	bool owner_open;	/* nothing is said about the owner's bytes */
	enum rule_id by[ASPECT_COUNT];
	/* What does not change: */
	bool vma_read, vma_write, uffd_wp;
};

struct model {
	size_t pages;
	struct page_model page[BUFFER_PAGES_MAX];
	long result;
	bool result_open;	/* one of several results is right; see result_or */
	long result_or;
	enum rule_id result_by;
};

/* The state before the access: what has to be proven. */
void model_before(struct model *model, const struct cell *cell);

/* The state and the result after it. */
void model_after(struct model *model, const struct cell *cell);

#endif
