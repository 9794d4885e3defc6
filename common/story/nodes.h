/* SPDX-License-Identifier: GPL-2.0 */
/* nodes.h - NUMA nodes and memory policies of a story's buffer */
#ifndef HMM_COHERENT_NODES_H
#define HMM_COHERENT_NODES_H

#include <numa.h>

#include "story/story.h"

/* A node with memory, other than @home, or -1. */
int node_besides(int home) __must_check;

/* The one node, as the system calls want it; valid until the next call. */
struct bitmask *node_mask(int node) __must_check;

/* A memory policy for the buffer: this node, with MPOL_MF_ @flags. Returns 0 or -errno. */
long bind_mapping(struct story *story, int node, unsigned int flags) __must_check;

/* The same as a step on the way to something else: ends the test when it fails. */
void bind_buffer(struct story *story, int node);

/* The policy of the process decides from now on, for this buffer too. */
void bind_task(struct story *story, int node);

/*
 * The node of the page as get_mempolicy() says it, which takes a reference and
 * asks the page itself; or -errno.
 */
long node_of(struct story *story, size_t page) __must_check;

/* Checks: page @page is in memory, on @node. */
void expect_memory_of(struct story *story, size_t page, int node);

#endif
