/* SPDX-License-Identifier: GPL-2.0 */
/* mm_access.h - what an access does to the model: faults, copies, unsharing, migration for a pin */
#ifndef HMM_COHERENT_MM_ACCESS_H
#define HMM_COHERENT_MM_ACCESS_H

#include "explore/mm_model.h"

/* Why an access is refused. */
enum mm_denial {
	MM_ALLOWED, MM_NO_VMA, MM_NO_READ, MM_NO_WRITE, MM_UFFD_STOPS, MM_BUSY, MM_GUARDED
};

/* How an access reaches the page. */
struct mm_access {
	bool write;		/* a store, or FOLL_WRITE */
	bool gup;		/* GUP, FOLL_GET or FOLL_PIN */
	bool pin;		/* FOLL_PIN */
	bool longterm;		/* FOLL_LONGTERM */
	bool force;		/* FOLL_FORCE */
};

/* KSM is to unmerge the page, if it is merged: break_ksm(). */
void mm_unmerge(struct mm_model *m, enum mm_who who, int page);

/*
 * Access one page. Changes the model by the faults that the access causes, and
 * says whether it is refused. The bytes are not changed: mm_store() does that.
 */
enum mm_denial mm_access(struct mm_model *m, enum mm_who who, int page,
			 struct mm_access access) __must_check;

#endif
