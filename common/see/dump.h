/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dump.h - what the kernel's dump_page() says of a page, by gup_test
 *
 * Looking must not change what is looked at. The dump takes a FOLL_GET
 * reference for reading, which leaves a present page as it is, but would fault
 * in one that is not present: it is only asked of present pages.
 */
#ifndef HMM_COHERENT_DUMP_H
#define HMM_COHERENT_DUMP_H

#include <stdbool.h>

enum dump_state {
	DUMP_NOT_ASKED,		/* the page is not present, or there is no gup_test */
	DUMP_NO_PAGE,		/* GUP got no page, though one is present */
	DUMP_UNREADABLE,	/* the kernel dumped something that this suite cannot read */
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
 * What the kernel's dump_page() says of the page at @addr in this process. Does
 * not fault the page in.
 */
struct page_dump page_dump(const void *addr);

/*
 * The same for a page that has to have a dump. Breaks the test when the dump
 * cannot be read; under observers-agree, fails it when GUP got no page, and
 * checks that the dump is about the frame that pagemap shows. Returns a dump
 * that is not valid when there is no gup_test or the page is not present.
 */
struct page_dump page_dump_checked(const void *addr);

#endif
