// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies of mappings that are split and merged, and their display in
 * numa_maps
 */
#include "mappings.h"

#include <numa.h>
#include <numaif.h>

#include "reach/ring.h"
#include "see/zone.h"
#include "story/nodes.h"

/* From linux/mempolicy.h; the header of libnuma does not have them. */
#ifndef MPOL_F_STATIC_NODES
#define MPOL_F_STATIC_NODES BIT(15)
#define MPOL_F_RELATIVE_NODES BIT(14)
#endif
#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING BIT(13)
#endif

static long bind_pages(FIXTURE_DATA(mappings) (*self), size_t first, size_t count, int mode,
		       int node, unsigned int flags)
{
	struct bitmask *mask = node < 0 ? NULL : node_mask(node);

	return errno_of(mbind(page_of(self, first), count * features.page_size, mode,
			      mask ? mask->maskp : NULL, mask ? mask->size + 1 : 0, flags));
}

static int any_node(void)
{
	int node = numa_available() < 0 ? -1 : node_besides(-1);

	need(node >= 0, SKIP_NO_TWO_NODES);
	return node;
}

SCENARIO(mappings, bound_across_parts,
	 "mbind() of a range of which a part has the policy merges it into one mapping; mbind() "
	 "back to the default policy does so, too")
{
	const int node = any_node();

	fill(self, FIRST);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mbind of a part", bind_pages(self, FIRST + 2, 2, MPOL_BIND, node, 0), 0);
	expect_mappings(self, "2-4 4-6 6-8");
	expect_result("mbind of more", bind_pages(self, FIRST + 2, 4, MPOL_BIND, node, 0), 0);
	expect_mappings(self, "2-4 4-8");
	expect_result("mbind of all", bind_pages(self, FIRST, PAGES, MPOL_BIND, node, 0), 0);
	expect_mappings(self, "2-8");
	expect_result("mbind back in the middle",
		      bind_pages(self, FIRST + 2, 2, MPOL_DEFAULT, -1, 0), 0);
	expect_mappings(self, "2-4 4-6 6-8");
	expect_result("mbind back", bind_pages(self, FIRST, PAGES, MPOL_DEFAULT, -1, 0), 0);
	expect_mappings(self, "2-8");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
}

/*
 * Read the line of the file @file_name for the mapping that begins at page
 * @page, behind @key; "" if there is none.
 */
static void read_line(FIXTURE_DATA(mappings) (*self), const char *file_name, size_t page,
		      const char *key, char *text, size_t size)
{
	FILE *file = fopen(file_name, "r");
	char line[512], start[32];
	bool here = false;

	snprintf(start, sizeof(start), "%lx", (unsigned long)page_of(self, page));
	text[0] = '\0';
	while (file && !text[0] && fgets(line, sizeof(line), file)) {
		here |= !strncmp(line, start, strlen(start));
		if (here && (!key || !strncmp(line, key, strlen(key))))
			snprintf(text, size, "%s", line + strlen(key ? key : start) + !key);
	}
	if (file)
		fclose(file);
}

SCENARIO(mappings, policy_is_shown, "numa_maps shows each policy that mbind() sets, with its flags")
{
	static const struct {
		int mode;
		const char *name;
	} policies[] = { { MPOL_BIND, "bind" },
			 { MPOL_BIND | MPOL_F_STATIC_NODES, "bind=static" },
			 { MPOL_BIND | MPOL_F_NUMA_BALANCING, "bind=balancing" },
			 { MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_NUMA_BALANCING,
			   "bind=static|balancing" },
			 { MPOL_PREFERRED | MPOL_F_RELATIVE_NODES, "prefer=relative" },
			 { MPOL_INTERLEAVE, "interleave" } };
	const int node = any_node();
	char line[256], expected[64];
	size_t i;

	fill(self, FIRST);
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		set_rule(RULE_LEGAL_CALLS_WORK);
		expect_result("mbind",
			      bind_pages(self, FIRST, PAGES, policies[i].mode, node, 0), 0);
		read_line(self, "/proc/self/numa_maps", FIRST, NULL, line, sizeof(line));
		line[strcspn(line, ":")] = '\0';
		snprintf(expected, sizeof(expected), "%s", policies[i].name);
		set_rule(RULE_POLICY_IS_SHOWN);
		expect_same(!strcmp(line, expected), "policy in numa_maps", expected, line);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
}

/*
 * sanitize_mpol_flags(), mpol_new(), do_get_mempolicy(). MPOL_F_NUMA_BALANCING is
 * only for those modes that bind.
 */
SCENARIO(mappings, policy_is_told,
	 "get_mempolicy() tells each mode that mbind() has set, with its flags; a mode that does "
	 "not take a flag is EINVAL and changes nothing")
{
	static const int flags[] = { 0, MPOL_F_STATIC_NODES, MPOL_F_RELATIVE_NODES,
				     MPOL_F_NUMA_BALANCING,
				     MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES };
	static const int modes[] = { MPOL_BIND, MPOL_PREFERRED, MPOL_INTERLEAVE };
	const int node = any_node();
	char what[64];
	size_t i;

	fill(self, FIRST);
	set_rule(RULE_POLICY_IS_SHOWN);
	for (i = 0; i < ARRAY_SIZE(modes) * ARRAY_SIZE(flags); i++) {
		const int mode = modes[i / ARRAY_SIZE(flags)], flag = flags[i % ARRAY_SIZE(flags)];
		const bool both = flag == (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);
		const bool taken = !both && (flag != MPOL_F_NUMA_BALANCING || mode == MPOL_BIND);
		int told = -1;

		expect_result("mbind with no flag", bind_pages(self, FIRST, PAGES, MPOL_INTERLEAVE,
							       node, 0), 0);
		snprintf(what, sizeof(what), "mbind of mode %d with flags 0x%x", mode, flag);
		expect_result(what, bind_pages(self, FIRST, PAGES, mode | flag, node, 0),
			      taken ? 0 : -EINVAL);
		if (get_mempolicy(&told, NULL, 0, page_of(self, FIRST), MPOL_F_ADDR))
			syscall_failed("get_mempolicy", errno);
		expect_result("mode and flags that get_mempolicy() tells", told,
			      taken ? mode | flag : MPOL_INTERLEAVE);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
}

static long node_at(void *addr)
{
	int status = -1;

	if (move_pages(0, 1, &addr, NULL, &status, 0) < 0)
		syscall_failed("move_pages", errno);
	return status;
}

/*
 * Map a page of the ring at page @page of the area. io_uring_mmap() does not
 * accept an address, so make a hole in the area and map pages until one is in
 * it.
 */
static void map_ring(FIXTURE_DATA(mappings) (*self), size_t page)
{
	void *addr;
	int i;

	unmap_memory(page_of(self, page), features.page_size);
	for (i = 0; i < 256; i++) {
		addr = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, self->story.ring.uring.ring_fd,
			    IORING_OFF_SQES);
		if (addr == MAP_FAILED)
			syscall_failed("mmap of the ring", errno);
		if (addr == page_of(self, page))
			return;
	}
	not_prepared("the ring is never mapped into a hole of one page");
}

/*
 * The pages of a ring belong to the kernel and cannot be moved. liburing also
 * maps them, and MPOL_MF_MOVE skips pages that are mapped twice, hence
 * MPOL_MF_MOVE_ALL. On 6.1 the mapping is VM_PFNMAP, and mbind() finds no page
 * in it.
 */
SCENARIO(mappings, bind_goes_on,
	 "mbind(MPOL_MF_STRICT | MPOL_MF_MOVE_ALL) moves the memory behind a page that it cannot "
	 "move, and returns EIO; pages on the device stay")
{
	const int home = unmovable_node(), other = numa_available() < 0 ? -1 : node_besides(home);
	const int nodes[] = { other, home };
	struct story *s = &self->story;
	char flags[256];
	int n, refused = 0;
	size_t i;

	need(home >= 0 && other >= 0, SKIP_NO_TWO_NODES);
	story_ring(s);
	fill(self, FIRST);
	device_move_back(&s->device, page_of(self, FIRST + 2), PAGES - 2);
	map_ring(self, FIRST - 1);
	read_line(self, "/proc/self/smaps", FIRST - 1, "VmFlags:", flags, sizeof(flags));
	for (n = 0; n < 2; n++) {
		long result = bind_pages(self, FIRST - 1, PAGES + 1, MPOL_BIND, nodes[n],
					 MPOL_MF_STRICT | MPOL_MF_MOVE_ALL);

		set_rule(RULE_MBIND_GOES_ON);
		refused += result == -EIO;
		expect(!result || result == -EIO, "mbind returns %ld", result);
		for (i = FIRST + 2; i < FIRST + PAGES; i++)
			expect_result("node of a page of memory", node_at(page_of(self, i)),
				      nodes[n]);
	}
	expect_result("number of nodes for which mbind returns EIO", refused,
		      !strstr(flags, " pf"));
	set_rule(RULE_NODES_PASS_OVER);
	if (story_on_device(s))
		expect_pages(self, FIRST, 0, 2);
}

/* is_mergeable_vma() (6.1: vma_merge()) */
SCENARIO(mappings, differ_in_policy,
	 "adjacent memory of different policies stays apart, and each part keeps its policy")
{
	const int node = any_node(), other = node_besides(node);
	const struct {
		int mode, node;
	} parts[] = { { MPOL_BIND, node }, { MPOL_PREFERRED, node }, { MPOL_BIND, other } };
	size_t i;
	int told;

	need(other >= 0, SKIP_NO_TWO_NODES);
	fill(self, FIRST);
	set_rule(RULE_LEGAL_CALLS_WORK);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		expect_result("mbind of a part", bind_pages(self, FIRST + 2 * i, 2, parts[i].mode,
							    parts[i].node, 0), 0);
	expect_mappings(self, "2-4 4-6 6-8");
	set_rule(RULE_POLICY_IS_SHOWN);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (get_mempolicy(&told, NULL, 0, page_of(self, FIRST + 2 * i), MPOL_F_ADDR))
			syscall_failed("get_mempolicy", errno);
		expect_result("the mode of the part", told, parts[i].mode);
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_policies", argc, argv);
}
