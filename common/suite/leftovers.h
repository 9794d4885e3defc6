/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HMM_COHERENT_LEFTOVERS_H
#define HMM_COHERENT_LEFTOVERS_H

#include <sys/types.h>

/*
 * End every process that a test left behind, with SIGKILL, and reap it; the
 * caller is the subreaper of all of them. A test must not inherit the children
 * of the one before it: they map its pages. Returns how many were still
 * running. Waits at most 5 seconds.
 *
 * A process that does not end after SIGKILL hangs in the kernel. @stuck gets
 * one that was not there before, or 0; the calls that follow pass over it.
 */
int leftovers_kill(pid_t *stuck);

#endif
