/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmsg.h - write markers to the kernel log, read splats and page dumps from it
 *
 * A read of /dev/kmsg returns one whole record
 * (Documentation/ABI/testing/dev-kmsg), so messages are neither cut nor mixed.
 * Each reader has its own position.
 */
#ifndef HMM_COHERENT_KMSG_H
#define HMM_COHERENT_KMSG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Open the log for reading, at its end. Returns a file descriptor, which the
 * caller closes, or -1 (not root, no kmsg).
 */
int kmsg_open(void);

/* Move the reader @fd to the end of the log. */
void kmsg_skip(int fd);

/*
 * Read the text of the next record, without its prefix and its dictionary, into
 * @text (@size bytes with the NUL). It may have several lines. Returns 1; 0 if
 * there is no record now; -1 if records were lost because the log wrapped (the
 * next call continues with the oldest record).
 */
int kmsg_next(int fd, char *text, size_t size);

/*
 * Write "hmm-coherent: @what @name" to the log, so that each kernel message can
 * be assigned to a test. Does nothing if the log cannot be opened for writing.
 */
void kmsg_mark(const char *what, const char *name);

/*
 * WARN_ONCE() and similar macros print once per boot. Reset them, so that they
 * print again for the next test
 * (Documentation/admin-guide/clearing-warn-once.rst). Does nothing without
 * debugfs.
 */
void kmsg_warn_again(void);

/*
 * Does a line of @text begin a kernel complaint (WARN, BUG, oops, KASAN,
 * lockdep, ...)? splats.h has the list.
 */
bool kmsg_is_splat(const char *text);

/*
 * A kernel message that contains @text is caused by this test on purpose and
 * does not count as a splat. @text must stay valid.
 */
void kmsg_allow(const char *text);

/*
 * Read all new records from @fd. The first lines of each complaint that
 * kmsg_allow() has not allowed are added to the report as "splat:" lines. The
 * test is broken if the log wrapped. Returns the number of complaints.
 */
int kmsg_collect(int fd);

#endif
