/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.h - memory system calls that must succeed
 *
 * For steps of a test that are not what it tests. Each function ends the test
 * if the call fails: see syscall_failed(). Sizes are in bytes. A test that
 * expects an error calls the system call itself and checks the result.
 */
#ifndef HMM_COHERENT_MEMORY_H
#define HMM_COHERENT_MEMORY_H

#include <stddef.h>

#include "report/report.h"

/*
 * Map @size bytes of anonymous private memory with PROT_ @prot, of small pages.
 * The memory is not touched. The caller unmaps it.
 */
void *map_memory(size_t size, int prot) __must_check;

void unmap_memory(void *addr, size_t size);
/* Move a mapping to @to with mremap(2), in place of what is mapped there. */
void move_memory(void *from, size_t size, void *to);
void protect_memory(void *addr, size_t size, int prot);

/*
 * madvise(2). EINVAL for MADV_NOHUGEPAGE is not an error: a kernel without huge
 * pages returns it.
 */
void advise_memory(void *addr, size_t size, int advice);

/* Clear the soft-dirty bits of this process: pagemap then shows which pages are written. */
void clear_soft_dirty(void);

/*
 * Drain the LRU batches of all processors. move_pages(2) does that before it
 * looks at a page (lru_cache_disable()).
 */
void drain_lru_batches(void);

#endif
