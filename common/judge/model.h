/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model.h - the outcome that a cell must have, computed from the cell, the
 * rules and what the kernel can do
 *
 * The state before the access follows from the place and the mapping. The
 * access is then tried page by page (page_rules.h), and the result and the bytes
 * that each observer must see follow from how far it got.
 */
#ifndef HMM_COHERENT_MODEL_H
#define HMM_COHERENT_MODEL_H

#include "cell/cell.h"
#include "judge/page_rules.h"
#include "report/rules.h"

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
