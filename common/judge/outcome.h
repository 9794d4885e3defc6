/* SPDX-License-Identifier: GPL-2.0 */
/*
 * outcome.h - all that can be seen of a cell, before and after its access;
 * compared with the model, and recorded
 */
#ifndef HMM_COHERENT_OUTCOME_H
#define HMM_COHERENT_OUTCOME_H

#include "cell/cell.h"
#include "judge/model.h"

/* One page at one time, as its owner's page table, the driver and the kernel's dump have it. */
struct page_seen {
	enum place at;
	unsigned long pfn;
	enum permission permission;
	bool exclusive, exclusive_known;
	bool uffd_wp, soft_dirty;
	enum place child_at;
	unsigned long child_pfn;
};

struct outcome {
	long result;
	size_t pages;
	struct page_seen before[BUFFER_PAGES_MAX], after[BUFFER_PAGES_MAX];
	enum data owner[BUFFER_PAGES_MAX], child[BUFFER_PAGES_MAX], medium[BUFFER_PAGES_MAX],
		device[BUFFER_PAGES_MAX], holder[BUFFER_PAGES_MAX], reader[BUFFER_PAGES_MAX];
	size_t cached;		/* pages of the medium that the access left in the page cache */
	/* page frames of devices that owner and child map */
	size_t on_device_before, on_device_after;
};

/* Look at the pages without changing them; observers that contradict each other fail the test. */
void outcome_look(struct page_seen *seen, struct cell *cell);

/* Let every observer read what it sees. This may fault pages in: it comes last. */
void outcome_read(struct outcome *outcome, struct cell *cell);

/*
 * The state before the access: the kernel under test has made it, so a page
 * that is not as the mapping and the place say is a failed check, which ends
 * the cell.
 */
void outcome_prove(const struct outcome *outcome, const struct cell *cell,
		   const struct model *before);

/* Hold the outcome against the model: one check for each aspect of each page, and the result. */
void outcome_judge(const struct outcome *outcome, const struct cell *cell,
		   const struct model *after);

/* Record the outcome as a line of JSON (docs/outcomes.md). */
void outcome_record(const struct outcome *outcome, const struct cell *cell,
		    const struct model *after);

/* A number of bytes, or a word: "EFAULT", "SIGSEGV" */
void result_text(char *text, size_t size, long result);

#endif
