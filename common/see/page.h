/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page.h - what the kernel says of one page: /proc/PID/pagemap, and gup_test's
 * dump
 *
 * Looking must not change what is looked at. pagemap
 * (Documentation/admin-guide/mm/pagemap.rst) never does. The dump takes a
 * FOLL_GET reference for reading, which leaves a present page as it is, but
 * would fault in one that is not present: it is only asked of present pages.
 */
#ifndef HMM_COHERENT_PAGE_H
#define HMM_COHERENT_PAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "see/place.h"

struct page {
	enum place at;
	bool present;
	/* pagemap bit 56: mapped exactly once. This is not PageAnonExclusive */
	bool single;
	bool uffd_wp;		/* bit 57 */
	bool soft_dirty;	/* bit 55 */
	/* 0: none; for a device-private page the PFN inside its swap entry */
	unsigned long pfn;
};

/*
 * The page at @addr in the process @pid, 0 for this one. Breaks the test when
 * pagemap can't be read (it takes CAP_SYS_ADMIN).
 */
struct page page_at(pid_t pid, const void *addr);

/* The same of @npages pages at @addr in this process, PAGES_LOOK_MAX at most, into @pages. */
#define PAGES_LOOK_MAX 512
void pages_look(const void *addr, size_t npages, struct page *pages);

/* How many of the @npages pages at @addr in this process are @at. For ranges of many pages. */
size_t pages_at(const void *addr, size_t npages, enum place at);

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

/* Is the page frame @pfn in ZONE_MOVABLE? */
bool pfn_is_movable(unsigned long pfn);

/* Does this machine have ZONE_MOVABLE memory, and on which NUMA node? Returns the node, or -1. */
int movable_node(void);

/*
 * A NUMA node with memory of which none is movable, or -1: then either nothing
 * is known of zones, or each node has ZONE_MOVABLE (movable_node()), and nobody
 * can ask for anonymous memory from outside of it, since GFP_HIGHUSER_MOVABLE
 * prefers it (gfp_zone()).
 */
int unmovable_node(void);

#endif
