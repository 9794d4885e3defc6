/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page.h - what /proc/PID/pagemap says of a page
 * (Documentation/admin-guide/mm/pagemap.rst)
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
	bool file;		/* bit 61: of a file, or of shared memory */
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

#endif
