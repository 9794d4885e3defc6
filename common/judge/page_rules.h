/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page_rules.h - the effect that an access must have on one page
 *
 * Each rule is a function that changes the model of a page (its place, mapping
 * and bytes) as the kernel must, and records itself for each aspect that it
 * changes. The rules are applied in order, until one refuses the access. An
 * aspect that no rule has changed must stay as before, under the rule
 * nothing-else-changes.
 */
#ifndef HMM_COHERENT_PAGE_RULES_H
#define HMM_COHERENT_PAGE_RULES_H

#include "cell/cell.h"
#include "report/rules.h"

/* The aspects of a page that are compared. */
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
	 * exclusivity is not checked: there is no dump, or it is the shared
	 * zero page
	 */
	bool exclusive_open;
	bool shared;		/* the child maps the same page */
	enum place child_at;
	bool child_same_frame;
	enum data owner, child, medium, holder;
	enum data reader;	/* the bytes that the access copied to cell->got */
	bool soft_dirty;
	bool soft_dirty_open;	/* soft_dirty is not checked: the bits were not cleared */
	bool owner_open;	/* the owner's bytes may be old or new */
	enum rule_id by[ASPECT_COUNT];
	/* These do not change: */
	bool vma_read, vma_write, uffd_wp;
};

struct attempt {
	const struct cell *cell;
	const struct access *access;
	struct page_model *page;
	int refusal;		/* errno, or minus a signal */
	enum rule_id refused_by;
};

/* Record that @rule has determined @aspect of @page. */
void page_sign(struct page_model *page, enum aspect aspect, enum rule_id rule);

/*
 * Apply the rules to one page, and change its model accordingly. Returns false
 * if a rule refuses the access; @a then has the rule and the error.
 */
bool page_attempt(struct attempt *a);

#endif
