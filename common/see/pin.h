/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pin.h - get_user_pages() and pin_user_pages(), through the kernel's gup_test
 * (mm/gup_test.c, debugfs)
 *
 * Its ioctls return 0 if GUP failed; the result is the number of bytes that GUP
 * got. With one page per call this number is exact; with more it is rounded up
 * to whole calls (gup->size in __gup_test_ioctl()).
 */
#ifndef HMM_COHERENT_PIN_H
#define HMM_COHERENT_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include "report/report.h"

struct pin_kind {
	bool pin;		/* FOLL_PIN (pin_user_pages) or FOLL_GET (get_user_pages) */
	bool fast;		/* GUP-fast */
	bool write;		/* FOLL_WRITE */
	bool longterm;		/* FOLL_LONGTERM; only with pin */
};

/* Can this process open gup_test? */
bool pin_available(void);

/* Does gup_test of this kernel have pins that outlive the ioctl? */
bool pin_can_stay(void);

/*
 * Take the references, one page per call, and drop them again. Returns the
 * number of bytes that GUP got from @addr on, or -errno of the ioctl.
 */
long pin_pages(struct pin_kind kind, const void *addr, size_t npages) __must_check;

/*
 * The same with all pages in one call of GUP. Returns the bytes of all pages if
 * GUP got at least one, 0 if it got none, or -errno of the ioctl.
 */
long pin_pages_at_once(struct pin_kind kind, const void *addr, size_t npages) __must_check;

/*
 * Take long-term pins and keep them. Returns a descriptor that holds them, or
 * the -errno of pin_user_pages(). Release it with pin_drop(), since close()
 * does not unpin on 6.12.
 */
int pin_hold(bool fast, bool write, const void *addr, size_t npages) __must_check;

/* Copy the current content of the pinned pages to @to. Returns 0 or -errno. */
int pin_read(int held, void *to) __must_check;

void pin_drop(int held);

/*
 * Let the kernel write a dump of the page at @addr to its log, with a FOLL_GET
 * reference for reading. Returns 0 or -errno.
 */
int pin_dump(const void *addr) __must_check;

#endif
