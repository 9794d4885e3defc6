// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA nodes of pages on a coherent device, and calls that move memory between
 * nodes
 */
#include "numa.h"

#include <errno.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "see/device_ranges.h"
#include "see/dump.h"

/*
 * move_pages() of the whole buffer to @node, or a query of its nodes if @node
 * is negative. Returns its result or -errno.
 */
static long move_buffer(struct story *s, int node, int *status)
{
	void *pages[PAGES];
	int nodes[PAGES], i;
	long result;

	for (i = 0; i < PAGES; i++) {
		pages[i] = buffer_page(&s->buffer, i);
		nodes[i] = node;
		status[i] = -EINPROGRESS;
	}
	result = move_pages(0, PAGES, pages, node < 0 ? NULL : nodes, status,
			    node < 0 ? 0 : MPOL_MF_MOVE);
	return result < 0 ? -errno : result;
}

/*
 * Migrate the second half of a buffer on a device back to memory, so that one
 * call gets both kinds of pages.
 */
static void half_back(struct story *s)
{
	if (!story_on_device(s))
		return;
	device_move_back(&s->device, buffer_page(&s->buffer, PAGES / 2), PAGES / 2);
	set_rule(RULE_BACK);
	expect_at(s, PAGES / 2 - 1, s->place);
	expect_at(s, PAGES / 2, PLACE_SYSTEM);
	story_remember_frames(s);
}

/* Number of page frames in ZONE_DEVICE of the node, from /proc/zoneinfo. */
static unsigned long device_frames(int node)
{
	FILE *zones = fopen("/proc/zoneinfo", "r");
	unsigned long frames = 0;
	char line[256], zone[32];
	bool here = false;
	int number;

	while (zones && fgets(line, sizeof(line), zones)) {
		if (sscanf(line, "Node %d, zone %31s", &number, zone) == 2)
			here = number == node && !strcmp(zone, "Device");
		else if (here && sscanf(line, " spanned %lu", &frames) == 1)
			break;
	}
	if (zones)
		fclose(zones);
	return frames;
}

SCENARIO(numa, node_of_page,
	 "all pages of the device have the same node, by get_mempolicy() and dump_page(); memory "
	 "has the node that it is bound to")
{
	struct story *s = &self->story;
	struct page_dump dump = page_dump_checked(s->buffer.addr);
	const char *in_dump = strstr(dump.flags, "node=");
	long node = node_of(s, 0);
	size_t i;

	set_rule(RULE_NODE_OF_DEVICE);
	if (story_on_device(s))
		expect(node >= 0 && device_frames(node) >= device_pages(s->place),
		       "node %ld has no ZONE_DEVICE that is large enough for the device", node);
	else
		expect_result("node of memory", node, self->home);
	for (i = 1; i < PAGES; i++)
		expect_result("node of the next page", node_of(s, i), node);
	if (dump.valid)
		expect_result("node in the kernel's page dump",
			      in_dump ? atoi(in_dump + strlen("node=")) : -ENOENT, node);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
	expect_mapped(s, 0, s->read_only ? PERM_RO : PERM_RW);
}

SCENARIO(numa, query,
	 "move_pages() without nodes returns the status ENOENT for a page on the device, and the "
	 "node for a page in memory")
{
	struct story *s = &self->story;
	int status[PAGES], i;

	half_back(s);
	set_rule(RULE_NODES_PASS_OVER);
	expect_result("move_pages", move_buffer(s, -1, status), 0);
	for (i = 0; i < PAGES; i++)
		expect_result("status of the page", status[i],
			      story_on_device(s) && i < PAGES / 2 ? -ENOENT : self->home);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_same_frame(s, i);
}

SCENARIO(numa, move,
	 "move_pages() to a node does not move a page on the device and returns the status ENOENT "
	 "for it; it moves a page in memory")
{
	struct story *s = &self->story;
	const int nodes[] = { self->home, self->other };
	int status[PAGES], i, n;

	half_back(s);
	for (n = 0; n < 2; n++) {
		set_rule(RULE_NODES_PASS_OVER);
		expect_result("move_pages", move_buffer(s, nodes[n], status), 0);
		for (i = 0; i < PAGES; i++) {
			if (story_on_device(s) && i < PAGES / 2) {
				expect_result("status of the page", status[i], -ENOENT);
				expect_stays(s, i);
			} else {
				expect_result("status of the page", status[i], nodes[n]);
				expect_memory_of(s, i, nodes[n]);
			}
		}
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++) {
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

/*
 * With MPOL_MF_STRICT, mbind() returns EIO for pages that violate the policy.
 * It does not look at device pages, whatever their node is.
 */
SCENARIO(numa, mbind_strict,
	 "mbind() with MPOL_MF_STRICT accepts pages on the device on any node; for memory on "
	 "another node it returns EIO")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_NODES_PASS_OVER);
	expect_result("mbind to the other node", bind_mapping(s, self->other, MPOL_MF_STRICT),
		      story_on_device(s) ? 0 : -EIO);
	expect_result("mbind to the first node", bind_mapping(s, self->home, MPOL_MF_STRICT), 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
}

SCENARIO(numa, mbind_move,
	 "mbind() with MPOL_MF_MOVE moves memory to the node of the policy, leaves pages on the "
	 "device, and succeeds")
{
	struct story *s = &self->story;
	size_t i;

	half_back(s);
	set_rule(RULE_NODES_PASS_OVER);
	expect_result("mbind to the other node",
		      bind_mapping(s, self->other, MPOL_MF_MOVE | MPOL_MF_STRICT), 0);
	for (i = 0; i < PAGES; i++) {
		if (story_on_device(s) && i < PAGES / 2)
			expect_stays(s, i);
		else
			expect_memory_of(s, i, self->other);
		expect_owner_sees(s, i, BY_OWNER);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
}

SCENARIO(numa, migrate_process,
	 "migrate_pages() of the whole process to another node leaves pages on the device")
{
	struct story *s = &self->story;
	struct bitmask *from, *to = numa_allocate_nodemask();
	long left;
	size_t i;

	half_back(s);
	if (!to)
		not_prepared("no memory for a node mask");
	numa_bitmask_setbit(to, self->other);
	from = node_mask(self->home);
	left = numa_migrate_pages(0, from, to);
	set_rule(RULE_NODES_PASS_OVER);
	/*
	 * It returns the number of pages that it could not move. Shared pages
	 * of the process never move.
	 */
	expect(left >= 0, "migrate_pages fails: %s", strerror(errno));
	for (i = 0; i < PAGES; i++) {
		if (story_on_device(s) && i < PAGES / 2)
			expect_stays(s, i);
		else
			expect_memory_of(s, i, self->other);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

/* Number of pages of the buffer in /proc/self/numa_maps, on all nodes. */
static long counted_pages(struct story *s)
{
	FILE *maps = fopen("/proc/self/numa_maps", "r");
	char line[1024], start[32], *word;
	long pages = -ENOENT, count;
	int node;

	snprintf(start, sizeof(start), "%lx ", (unsigned long)s->buffer.addr);
	while (maps && pages < 0 && fgets(line, sizeof(line), maps)) {
		if (strncmp(line, start, strlen(start)))
			continue;
		pages = 0;
		for (word = strtok(line, " "); word; word = strtok(NULL, " "))
			if (sscanf(word, "N%d=%ld", &node, &count) == 2)
				pages += count;
	}
	if (maps)
		fclose(maps);
	return pages;
}

SCENARIO(numa, maps, "numa_maps counts pages in memory and does not count pages on the device")
{
	struct story *s = &self->story;

	set_rule(RULE_NODES_PASS_OVER);
	expect_result("pages that numa_maps counts", counted_pages(s),
		      story_on_device(s) ? 0 : PAGES);
	half_back(s);
	set_rule(RULE_NODES_PASS_OVER);
	expect_result("pages that numa_maps counts", counted_pages(s),
		      story_on_device(s) ? PAGES / 2 : PAGES);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_numa", argc, argv);
}
