/* SPDX-License-Identifier: GPL-2.0 */
/*
 * look.h - all that can be seen of a cell's pages at one time
 */
#ifndef HMM_COHERENT_LOOK_H
#define HMM_COHERENT_LOOK_H

#include "cell/cell.h"
#include "report/rules.h"

/* Who reads the bytes of a page. */
enum observer {
	OBSERVER_OWNER,
	OBSERVER_CHILD,
	OBSERVER_MEDIUM,
	OBSERVER_DEVICE,
	OBSERVER_HOLDER,	/* of the reference that the access left */
	OBSERVER_READER,	/* the access itself */
	OBSERVER_COUNT
};

/* One page at one time, as its owner's page table, the driver and the kernel's dump have it. */
struct page_seen {
	enum place at;
	unsigned long pfn;
	enum permission permission;
	bool exclusive, exclusive_known;
	bool uffd_wp, soft_dirty;
	enum place child_at;
	unsigned long child_pfn;
	enum data data[OBSERVER_COUNT];
};

struct state {
	size_t pages;
	struct page_seen page[BUFFER_PAGES_MAX];
	size_t on_devices;	/* page frames of devices that owner and child map */
};

/*
 * Look at the pages without changing them, and not at their bytes. Observers
 * that contradict each other fail the test.
 */
struct state look_at_pages(const struct cell *cell);

/*
 * The same, and let every observer read its bytes then. This may fault pages
 * in, so nothing is looked at after it.
 */
struct state look_at_all(struct cell *cell);

/* One check of page @page under @rule; @what says of what. */
void expect_page(enum rule_id rule, bool ok, size_t page, const char *what, const char *expected,
		 const char *seen);

#endif
