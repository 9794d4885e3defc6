/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.h - mappings of this process's own, by calls that have to work
 *
 * What a test does to its memory on its way to something else. Each ends the
 * test when the kernel refuses: see syscall_failed(). Sizes are bytes. A test
 * that expects a refusal calls the system itself and looks at the result.
 */
#ifndef HMM_COHERENT_MEMORY_H
#define HMM_COHERENT_MEMORY_H

#include <stddef.h>

#include "report/report.h"

/*
 * Anonymous private memory of @size bytes with PROT_ @prot, of small pages and
 * never touched. The caller unmaps it.
 */
void *map_memory(size_t size, int prot) __must_check;

void unmap_memory(void *addr, size_t size);
void protect_memory(void *addr, size_t size, int prot);

/*
 * madvise(2). That a kernel without huge pages does not know about them
 * (EINVAL) is no failure of MADV_NOHUGEPAGE.
 */
void advise_memory(void *addr, size_t size, int advice);

/*
 * Empty the LRU batches of all processors (lru_cache_disable()), as move_pages(2)
 * does before it looks at a page.
 */
void drain_lru_batches(void);

#endif
