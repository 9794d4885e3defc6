/* SPDX-License-Identifier: GPL-2.0 */
/* look.h - the state of a cell's pages, by all observers */
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
	OBSERVER_HOLDER,	/* the holder of the reference that the access left */
	OBSERVER_READER,	/* the access itself, in cell->got */
	OBSERVER_COUNT
};

/* The state of one page, by pagemap, the driver and the kernel's dump. */
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
	size_t on_devices;	/* number of device page frames that owner and child map */
};

/*
 * Look at the pages without changing them, but not at their bytes. The test
 * fails if observers contradict each other.
 */
struct state look_at_pages(const struct cell *cell);

/*
 * Look at the pages, and then let each observer read the bytes. This may fault
 * pages in, so it is the last look.
 */
struct state look_at_all(struct cell *cell);

/* Check page @page under @rule. @what names the aspect. */
void expect_page(enum rule_id rule, bool ok, size_t page, const char *what, const char *expected,
		 const char *seen);

#endif
