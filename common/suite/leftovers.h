/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HMM_COHERENT_LEFTOVERS_H
#define HMM_COHERENT_LEFTOVERS_H

#include <sys/types.h>

/*
 * Kill each process that a test left behind with SIGKILL, and reap it; the
 * caller is their subreaper. They map the pages of their test, which would
 * disturb the next one. Returns how many were still running. Waits at most 10
 * seconds.
 *
 * A process that does not end after SIGKILL hangs in the kernel. @stuck gets a
 * new one of these, or 0; later calls ignore it.
 */
int leftovers_kill(pid_t *stuck);

#endif
