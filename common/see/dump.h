/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dump.h - the kernel's dump_page() of a page, by gup_test
 *
 * The dump must not change the page. It takes a FOLL_GET reference for reading,
 * which does not change a present page, but would fault in a page that is not
 * present. So it is only used for present pages.
 */
#ifndef HMM_COHERENT_DUMP_H
#define HMM_COHERENT_DUMP_H

#include <stdbool.h>

enum dump_state {
	DUMP_NOT_ASKED,		/* the page is not present, or there is no gup_test */
	DUMP_NO_PAGE,		/* gup_test refused, or got no page although one is present */
	DUMP_LOST,		/* the log wrapped */
	DUMP_UNREADABLE,	/* the suite cannot parse the dump */
	DUMP_READ
};

struct page_dump {
	enum dump_state state;
	bool valid;		/* DUMP_READ: the rest is set */
	int refcount;		/* without the dump's own reference */
	int mapcount;
	unsigned long pfn;
	bool exclusive;		/* PageAnonExclusive */
	char flags[160];	/* names, as printed by the kernel: "uptodate|dirty|swapbacked" */
};

/*
 * The kernel's dump_page() of the page at @addr in this process. Does not fault
 * the page in.
 */
struct page_dump page_dump(const void *addr);

/*
 * The dump that @ask lets another process make: pin_dump() of its page, which is present.
 * Only this process reads the log.
 */
struct page_dump page_dump_by(bool (*ask)(void *arg), void *arg);

/*
 * The same for a page for which there must be a dump. The test is broken if the
 * dump cannot be parsed or is lost, and fails under observers-agree if GUP got no page or
 * if the dump shows another frame than pagemap. Returns a dump that is not
 * valid if there is no gup_test or the page is not present.
 */
struct page_dump page_dump_checked(const void *addr);

#endif
