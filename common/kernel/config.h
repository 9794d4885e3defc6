/* SPDX-License-Identifier: GPL-2.0 */
/* config.h - the configuration of the running kernel, by /proc/config.gz */
#ifndef HMM_COHERENT_CONFIG_H
#define HMM_COHERENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/kernel.h"
#include "report/compiler.h"

/*
 * Does the running kernel's configuration have the line @wanted, such as
 * "CONFIG_SWAP=y", or the other one, which may be NULL? ANSWER_UNKNOWN without
 * /proc/config.gz. Starts a process.
 */
enum answer config_has_either(const char *wanted, const char *other) __must_check;

static inline enum answer __must_check config_has_line(const char *wanted)
{
	return config_has_either(wanted, NULL);
}

/*
 * Can the page cache, including shared memory, have huge pages? Not with
 * CONFIG_BASE_SMALL: the nodes of its trees have 16 entries, so
 * MAX_PAGECACHE_ORDER is less than the order of a huge page. Only the
 * configuration decides this, since the mapping of huge pages is tested. True
 * if the configuration is unknown.
 */
bool __must_check page_cache_can_be_huge(void);

#endif
