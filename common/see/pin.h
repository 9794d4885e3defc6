/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pin.h - get_user_pages() and pin_user_pages() by name, through the kernel's
 * gup_test (mm/gup_test.c, debugfs)
 *
 * Its ioctls say 0 when GUP failed: what counts is how many bytes it really
 * got. With one page a call that number is exact; with more it is rounded up to
 * whole calls (gup->size in __gup_test_ioctl()).
 */
#ifndef HMM_COHERENT_PIN_H
#define HMM_COHERENT_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include "report/report.h"

struct pin_kind {
	bool pin;		/* FOLL_PIN (pin_user_pages) or FOLL_GET (get_user_pages) */
	bool fast;		/* the lockless walk first */
	bool write;		/* FOLL_WRITE */
	bool longterm;		/* FOLL_LONGTERM; only with pin */
};

/* Is there a gup_test device that this process may open? */
bool pin_available(void);

/* Does gup_test have pins that outlive the ioctl? */
bool pin_can_stay(void);

/*
 * Take the references, one page a call, and drop them again. Returns the number of bytes that
 * were pinned from @addr on, or -errno of the ioctl.
 */
long pin_pages(struct pin_kind kind, const void *addr, size_t npages) __must_check;

/*
 * The same with all pages in one call of GUP, which looks at them together.
 * Returns all bytes when it got any page, 0 when it got none, or -errno of the
 * ioctl.
 */
long pin_pages_at_once(struct pin_kind kind, const void *addr, size_t npages) __must_check;

/*
 * Take long-term pins and keep them. Returns a descriptor that holds them
 * (closing it is not enough on 6.12: use pin_drop()), or -errno, which is the
 * real one of pin_user_pages().
 */
int pin_hold(bool fast, bool write, const void *addr, size_t npages) __must_check;

/* Copy what the pinned pages hold now into @to. Returns 0 or -errno. */
int pin_read(int held, void *to) __must_check;

void pin_drop(int held);

/*
 * Let the kernel log a dump of the page at @addr, with a FOLL_GET reference for
 * reading. Returns 0 or -errno.
 */
int pin_dump(const void *addr) __must_check;

#endif
