/* SPDX-License-Identifier: GPL-2.0 */
/*
 * limit.h - RLIMIT_MEMLOCK for a test that pins memory
 *
 * The kernel counts pinned pages in the user and in the process. Other
 * processes of the user count, too, and so do rings that the kernel has not yet
 * released. So a test of the limit becomes a user of its own.
 */
#ifndef HMM_COHERENT_LIMIT_H
#define HMM_COHERENT_LIMIT_H

/*
 * This process becomes a user that no other process is, keeps its capabilities
 * without CAP_IPC_LOCK, and may pin at most @pages pages.
 */
void limit_pinned_pages(long pages);

/* Pages that count as pinned by this process (VmPin of /proc/self/status). */
long pinned_pages(void);

#endif
