/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model.h - the expected outcome of a cell, computed from the cell, the rules
 * and the features of the kernel
 *
 * The place and the mapping determine the state before the access. The rules
 * are then applied page by page (page_rules.h). The first page at which the
 * access fails determines the result and the bytes that each observer must see.
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
	bool result_open;	/* result_or is also correct */
	long result_or;
	enum rule_id result_by;
};

/* The state before the access, for prove(). */
void model_before(struct model *model, const struct cell *cell);

/* The state after the access, and its result. */
void model_after(struct model *model, const struct cell *cell);

#endif
