/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page.h - state of a page in /proc/PID/pagemap
 * (Documentation/admin-guide/mm/pagemap.rst)
 */
#ifndef HMM_COHERENT_PAGE_H
#define HMM_COHERENT_PAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "report/compiler.h"
#include "see/place.h"

struct page {
	enum place at;
	bool present;
	/* bit 56: mapped exactly once. This is not PageAnonExclusive */
	bool single;
	bool uffd_wp;		/* bit 57 */
	bool soft_dirty;	/* bit 55 */
	bool file;		/* bit 61: page of a file or of shared memory */
	/* 0: none; for a device-private page the PFN in its swap entry */
	unsigned long pfn;
};

/*
 * The page at @addr in the process @pid (0: this process). The test is broken
 * if pagemap cannot be read, for which CAP_SYS_ADMIN is needed.
 */
struct page page_at(pid_t pid, const void *addr);

/*
 * The same for @npages pages at @addr in this process, at most PAGES_LOOK_MAX,
 * into @pages. These are the pages of a huge page of 32 MiB, where a page has
 * 16 KiB; with pages of 64 KiB it has more, and no test can use it.
 */
#define PAGES_LOOK_MAX 2048
void pages_look(const void *addr, size_t npages, struct page *pages);

/*
 * The same for another process, whose pagemap the caller has opened and closes:
 * pagemap_open() for each look would take longer than the look.
 */
int pagemap_open(pid_t pid) __must_check;
void pages_look_through(int pagemap, const void *addr, size_t npages, struct page *pages);

/* Check the soft-dirty bit of a page, or its protection by userfaultfd. @what names it. */
void expect_soft_dirty(const char *what, struct page page, bool dirty);
void expect_uffd_wp(const char *what, struct page page, bool on);

/* How many of the @npages pages at @addr in this process are at @at. @npages is not limited. */
size_t pages_at(const void *addr, size_t npages, enum place at);

/*
 * Does the page frame have bit @flag (a KPF_ number) in /proc/kpageflags? The
 * test is broken if it cannot be read. Frames of devices have no flags there.
 */
bool frame_has_flag(unsigned long frame, int flag) __must_check;

/* Documentation/admin-guide/mm/pagemap.rst */
#define KPF_LRU 5
#define KPF_ANON 12
#define KPF_WRITEBACK 8
#define KPF_SWAPCACHE 13
/* PageAnonExclusive of an anonymous page (enum pageflags); also KPF_MAPPEDTODISK, KPF_OWNER_2 */
#define KPF_ANON_EXCLUSIVE 34

#endif
