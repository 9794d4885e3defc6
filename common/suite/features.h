/* SPDX-License-Identifier: GPL-2.0 */
/* features.h - set struct features for the running kernel */
#ifndef HMM_COHERENT_FEATURES_H
#define HMM_COHERENT_FEATURES_H

#include <stdbool.h>
#include <stdio.h>

#include "kernel/kernel.h"

/* Set all features except mem_force, and print "# fact:" lines to @out. */
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
	/* what @known checks: a version with its commit, or an interface */
	const char *decided_by;
	enum answer (*known)(void);	/* ANSWER_UNKNOWN: only the probe decides */
	/* ANSWER_UNKNOWN: this machine lacks what the probe needs */
	enum answer (*probe)(void);
	bool *value;			/* the field of struct features */
};

const struct feature_row *feature_row(enum feature feature);

/*
 * Set one feature. For FEATURE_MEM_FORCE, which needs a process and which only
 * some programs use.
 */
void feature_decide(enum feature feature);

#endif
