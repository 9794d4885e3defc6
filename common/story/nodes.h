/* SPDX-License-Identifier: GPL-2.0 */
/* nodes.h - NUMA nodes and memory policies of a story's buffer */
#ifndef HMM_COHERENT_NODES_H
#define HMM_COHERENT_NODES_H

#include <numa.h>

#include "story/story.h"

/* A node with memory, other than @home, or -1. */
int node_besides(int home) __must_check;

/* A node mask with only @node, for the system calls; valid until the next call. */
struct bitmask *node_mask(int node) __must_check;

/* mbind() the buffer to @node with MPOL_BIND and MPOL_MF_ @flags. Returns 0 or -errno. */
long bind_mapping(struct story *story, int node, unsigned int flags) __must_check;

/* The same without flags, for a step that is not tested: ends the test if it fails. */
void bind_buffer(struct story *story, int node);

/* Bind the task to @node with set_mempolicy(), and remove the policy of the buffer. */
void bind_task(struct story *story, int node);

/*
 * The node of the page by get_mempolicy(), which takes a reference to the page;
 * or -errno.
 */
long node_of(struct story *story, size_t page) __must_check;

/* Check that page @page is in memory, on @node. */
void expect_memory_of(struct story *story, size_t page, int node);

#endif
