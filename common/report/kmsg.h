/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmsg.h - the kernel log: markers written, splats and page dumps read
 *
 * /dev/kmsg hands out whole records (Documentation/ABI/testing/dev-kmsg), so
 * nothing is ever cut or mixed, and each reader has a position of its own.
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
 * Read the next record's text (without its prefix and its dictionary) into
 * @text, @size bytes with the NUL; it may be several lines. Returns 1; 0 when
 * there is none now; -1 when records were lost because the log wrapped (the
 * next call goes on with the oldest).
 */
int kmsg_next(int fd, char *text, size_t size);

/*
 * Write "hmm-coherent: @what @name" into the log, so that a message belongs to
 * a test. Says nothing when it may not.
 */
void kmsg_mark(const char *what, const char *name);

/*
 * WARN_ONCE() and its like speak once a boot. From here on they speak again, so
 * that each test has its own
 * (Documentation/admin-guide/clearing-warn-once.rst). Needs debugfs; without it
 * nothing happens.
 */
void kmsg_warn_again(void);

/*
 * Does a line of @text begin a kernel complaint (WARN, BUG, oops, KASAN,
 * lockdep, ...)? splats.h has the list.
 */
bool kmsg_is_splat(const char *text);

/*
 * A kernel message with @text in it is provoked by this test and is no splat.
 * @text must stay valid.
 */
void kmsg_allow(const char *text);

/*
 * Read everything new from @fd; the first lines of each complaint that
 * kmsg_allow() has not named go into the report as "splat:" lines. A log that
 * wrapped makes the test broken. Returns the number of complaints.
 */
int kmsg_collect(int fd);

#endif
