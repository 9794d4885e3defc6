/* SPDX-License-Identifier: GPL-2.0 */
/* cpu.h - loads and stores by this process, which may end in a signal */
#ifndef HMM_COHERENT_CPU_H
#define HMM_COHERENT_CPU_H

#include <stddef.h>

#include "reach/buffer.h"
#include "report/compiler.h"
#include "report/result.h"

/*
 * Read the pages by the CPU into @to (which may be NULL), or write @writer's
 * pattern to them. Returns bytes, or KILLED_BY() if a fault ends in a signal.
 */
long cpu_read(const struct buffer *buffer, size_t first, size_t count, void *to) __must_check;
long cpu_write(struct buffer *buffer, size_t first, size_t count, enum writer writer) __must_check;

/*
 * Copy a page from or to memory that may be under test. Returns bytes, or
 * KILLED_BY().
 */
long cpu_copy(void *to, const void *from) __must_check;

/* Call @access. Returns 0, or KILLED_BY() if a fault in it ends in a signal. */
long cpu_guarded(void (*access)(void *arg), void *arg) __must_check;

/*
 * Install the handlers of cpu_guarded() and cpu_copy() for good, in this process and those
 * that it forks: each call then takes six system calls less.
 */
void cpu_guard_always(void);

/*
 * Load a word of each page and store it again, so that the TLB has the
 * translations. Changes no byte.
 */
void cpu_use_translations(const struct buffer *buffer);

#endif
