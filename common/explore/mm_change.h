/* SPDX-License-Identifier: GPL-2.0 */
/* mm_change.h - what changes of mappings, processes and places do to the model */
#ifndef HMM_COHERENT_MM_CHANGE_H
#define HMM_COHERENT_MM_CHANGE_H

#include "explore/mm_access.h"
#include "explore/mm_model.h"

/*
 * Migrate one page of @who to @to, if the kernel can: migrate_vma_pages().
 * The page stays where it is if it is not in system memory, or is held. Returns
 * whether it moved.
 */
bool mm_migrate_to(struct mm_model *m, enum mm_who who, int page, enum place to);

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

/* The owner's userfaultfd is closed. */
void mm_uffd_close(struct mm_model *m);

/* The soft-dirty bits of a process are cleared: its pages are tracked from now on. */
void mm_clear_soft(struct mm_model *m, enum mm_who who);

/* Fault the page in, as mlock() does. */
enum mm_denial mm_populate(struct mm_model *m, enum mm_who who, int page);

/* The page moves to the address of page @to, which is unmapped before. @keep: MREMAP_DONTUNMAP. */
void mm_move_address(struct mm_model *m, enum mm_who who, int page, int to, bool keep);

#endif
