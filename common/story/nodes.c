// SPDX-License-Identifier: GPL-2.0
#include "story/nodes.h"

#include <errno.h>
#include <numaif.h>

#include "report/report.h"
#include "see/page.h"

int node_besides(int home)
{
	int node;

	for (node = 0; node <= numa_max_node(); node++)
		if (node != home && numa_bitmask_isbitset(numa_all_nodes_ptr, node) &&
		    numa_node_size64(node, NULL) > 0)
			return node;
	return -1;
}

/* Allocate the mask, since there may be more nodes than bits in a word. */
struct bitmask *node_mask(int node)
{
	static struct bitmask *nodes;

	if (!nodes)
		nodes = numa_allocate_nodemask();
	if (!nodes)
		not_prepared("no memory for a node mask");
	numa_bitmask_clearall(nodes);
	return numa_bitmask_setbit(nodes, node);
}

long bind_mapping(struct story *s, int node, unsigned int flags)
{
	struct bitmask *nodes = node_mask(node);

	return mbind(s->buffer.addr, s->buffer.size, MPOL_BIND, nodes->maskp, nodes->size + 1,
		     flags) ?
		       -errno :
		       0;
}

void bind_buffer(struct story *s, int node)
{
	int error = bind_mapping(s, node, 0);

	if (error)
		syscall_failed("mbind", -error);
}

void bind_task(struct story *s, int node)
{
	struct bitmask *nodes = node_mask(node);

	if (mbind(s->buffer.addr, s->buffer.size, MPOL_DEFAULT, NULL, 0, 0))
		syscall_failed("mbind", errno);
	if (set_mempolicy(MPOL_BIND, nodes->maskp, nodes->size + 1))
		syscall_failed("set_mempolicy", errno);
}

long node_of(struct story *s, size_t page)
{
	int node;

	return get_mempolicy(&node, NULL, 0, buffer_page(&s->buffer, page),
			     MPOL_F_NODE | MPOL_F_ADDR) ?
		       -errno :
		       node;
}

void expect_memory_of(struct story *s, size_t page, int node)
{
	enum place at = story_page(s, page).at;

	expect(in_memory(at), "page %zu is %s, not in memory", page, place_name(at));
	expect_result("node of the page", node_of(s, page), node);
}
