/* SPDX-License-Identifier: GPL-2.0 */
/* mm_change.h - what changes of mappings, processes and places do to the model */
#ifndef HMM_COHERENT_MM_CHANGE_H
#define HMM_COHERENT_MM_CHANGE_H

#include "explore/mm_model.h"

/*
 * Migrate one page of @who to @to, if the kernel can: migrate_vma_pages().
 * The page stays where it is if it is not in system memory, or is held.
 */
void mm_migrate_to(struct mm_model *m, enum mm_who who, int page, enum place to);

/* Migrate back what is on the device @from. */
void mm_migrate_back(struct mm_model *m, enum mm_who who, int page, enum place from);
void mm_evict(struct mm_model *m, enum place from);

void mm_fork(struct mm_model *m, enum mm_who parent, enum mm_who child);
void mm_exit(struct mm_model *m, enum mm_who who);
void mm_zap(struct mm_model *m, enum mm_who who, int page);
void mm_unmap(struct mm_model *m, enum mm_who who, int page);
void mm_protect(struct mm_model *m, enum mm_who who, int page, enum mm_prot prot);

/* Write protection by userfaultfd of one page, or of none. */
void mm_uffd_wp(struct mm_model *m, enum mm_who who, int page, bool on);

#endif
