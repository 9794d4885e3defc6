/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page_rules.h - what an access must do to one page
 *
 * Each rule is one function that changes a small model of a page (where it is,
 * how it is mapped, what it contains) the way the kernel must, and signs for
 * what it changed. Rules are tried in order; one that refuses the access ends
 * it. What no rule signed for stays as it was, and that is a rule too.
 */
#ifndef HMM_COHERENT_PAGE_RULES_H
#define HMM_COHERENT_PAGE_RULES_H

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

struct attempt {
	const struct cell *cell;
	const struct access *access;
	struct page_model *page;
	int refusal;		/* errno, or minus a signal */
	enum rule_id refused_by;
};

/* @aspect of @page is as @rule has made it. */
void page_sign(struct page_model *page, enum aspect aspect, enum rule_id rule);

/*
 * Try the access on one page, and change its model accordingly. False when a
 * rule refuses the access, which is then in @a.
 */
bool page_attempt(struct attempt *a);

#endif
