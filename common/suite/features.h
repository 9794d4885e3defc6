/* SPDX-License-Identifier: GPL-2.0 */
/*
 * features.h - finds out what struct features says of the running kernel
 */
#ifndef HMM_COHERENT_FEATURES_H
#define HMM_COHERENT_FEATURES_H

#include <stdbool.h>
#include <stdio.h>

#include "kernel/kernel.h"

/* Find out about everything but mem_force, and print "# fact:" lines to @out. */
void features_probe(FILE *out);

enum feature {
	FEATURE_PIN_STAYS,
	FEATURE_DIO_PINS,
	FEATURE_UFFD_WP,
	FEATURE_SOFT_DIRTY,
	FEATURE_MEM_FORCE,
	FEATURE_COUNT
};

struct feature_row {
	const char *name;
	const char *what;
	/* what @known looks at: a version with its commit, or an interface */
	const char *decided_by;
	enum answer (*known)(void);	/* ANSWER_UNKNOWN: nothing but the probe can tell */
	/* ANSWER_UNKNOWN: this machine lacks what the probe needs */
	enum answer (*probe)(void);
	bool *value;			/* where struct features keeps it */
};

const struct feature_row *feature_row(enum feature feature);

/*
 * Set one feature. For FEATURE_MEM_FORCE, which starts a process, and which
 * only some programs need.
 */
void feature_decide(enum feature feature);

/*
 * Has the running kernel's configuration the line @wanted, such as
 * "CONFIG_SWAP=y"? ANSWER_UNKNOWN without /proc/config.gz. Starts a process.
 */
enum answer config_has_line(const char *wanted) __must_check;

/*
 * Can the page cache, shared memory included, have a huge page? Not with
 * CONFIG_BASE_SMALL, whose trees have levels of 16 entries, so that
 * MAX_PAGECACHE_ORDER is less than a huge page's. By the configuration alone:
 * what the kernel says of a mapping is what is tested. True when it is unknown.
 */
bool __must_check page_cache_can_be_huge(void);

#endif
