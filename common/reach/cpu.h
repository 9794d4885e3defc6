/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpu.h - loads and stores of this process's CPU, which may end in a signal
 */
#ifndef HMM_COHERENT_CPU_H
#define HMM_COHERENT_CPU_H

#include <stddef.h>

#include "reach/buffer.h"
#include "report/compiler.h"
#include "report/result.h"

/*
 * This process's CPU reads (into @to, may be NULL) or writes; a fault that ends
 * in a signal comes back as KILLED_BY().
 */
long cpu_read(const struct buffer *buffer, size_t first, size_t count, void *to) __must_check;
long cpu_write(struct buffer *buffer, size_t first, size_t count, enum writer writer) __must_check;

/*
 * Load and store through the translations of all pages, which changes no byte:
 * the processor has them then.
 */
void cpu_use_translations(const struct buffer *buffer);

#endif
