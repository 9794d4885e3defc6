// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings that are split, joined, moved in part and counted, with pages on a
 * coherent device in them
 *
 * A call that changes a part of a mapping splits it, and mappings that are alike
 * afterwards are joined. Whatever happens to the mappings, each page stays where
 * it was, and what the kernel counts and shows is right.
 */
#include "suite/harness.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/ring.h"
#include "story/nodes.h"
#include "story/story.h"

#define PAGES 6
/* Where they are in the area, which nobody else maps anything in, and where they go. */
#define FIRST 2
#define TARGET 10
#define AREA 16

/* Linux 5.7 has it; the C library may not. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
/* linux/mempolicy.h; libnuma's header has none of them. */
#ifndef MPOL_F_STATIC_NODES
#define MPOL_F_STATIC_NODES BIT(15)
#define MPOL_F_RELATIVE_NODES BIT(14)
#endif
#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING BIT(13)
#endif

FIXTURE(mappings)
{
	struct story story;
	unsigned char *area;
	unsigned long frames[PAGES];
};

FIXTURE_VARIANT(mappings)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(mappings, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(mappings, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(mappings, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(mappings, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

static unsigned char *page_of(FIXTURE_DATA(mappings) (*self), size_t page)
{
	return self->area + page * features.page_size;
}

/* Writable memory, never touched, at pages [first, first + count) of the area. */
static void map_pages(FIXTURE_DATA(mappings) (*self), size_t first, size_t count)
{
	if (mmap(page_of(self, first), count * features.page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
}

/* PAGES pages at @first, written, in the place and with the permission of the variant. */
static void fill(FIXTURE_DATA(mappings) (*self), size_t first)
{
	struct story *s = &self->story;
	size_t i;

	map_pages(self, first, PAGES);
	for (i = 0; i < PAGES; i++)
		write_page(page_of(self, first + i), s->buffer.serial, i, BY_OWNER);
	if (story_on_device(s))
		device_move_to(&s->device, page_of(self, first), PAGES);
	if (s->read_only)
		protect_memory(page_of(self, first), PAGES * features.page_size, PROT_READ);
	set_rule(RULE_ENTRY);
	for (i = 0; i < PAGES; i++) {
		struct page page = page_at(0, page_of(self, first + i));

		must((page.at == PLACE_COHERENT) == story_on_device(s), "page %zu is %s", i,
		     place_name(page.at));
		self->frames[i] = page.pfn;
	}
}

FIXTURE_SETUP(mappings)
{
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	self->area = map_memory(AREA * features.page_size, PROT_NONE);
}

FIXTURE_TEARDOWN(mappings)
{
	unmap_memory(self->area, AREA * features.page_size);
	story_end(&self->story);
}

/* Pages [first, first + count) of what was filled are at @at, with their frames and bytes. */
static void expect_pages(FIXTURE_DATA(mappings) (*self), size_t at, size_t first, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned long pfn = page_at(0, page_of(self, at + i)).pfn;

		if (!expect(pfn == self->frames[first + i],
			    "page %zu of the area has frame 0x%lx, not 0x%lx", at + i, pfn,
			    self->frames[first + i]))
			continue;
		expect_bytes(page_of(self, at + i), self->story.buffer.serial, first + i, BY_OWNER,
			     "bytes of a page that stayed");
	}
}

/* The mappings in the area but for those without access, in pages: "2-4 4-8". */
static void expect_mappings(FIXTURE_DATA(mappings) (*self), const char *expected)
{
	const unsigned long area = (unsigned long)self->area;
	FILE *file = fopen("/proc/self/maps", "r");
	char line[256], seen[128] = "", permission;
	unsigned long start, end;
	size_t used;

	if (!file)
		broken("/proc/self/maps: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx %c", &start, &end, &permission) != 3 || start < area ||
		    end > area + AREA * features.page_size || permission == '-')
			continue;
		used = strlen(seen);
		snprintf(seen + used, sizeof(seen) - used, "%s%lu-%lu", used ? " " : "",
			 (start - area) / features.page_size, (end - area) / features.page_size);
	}
	fclose(file);
	set_rule(RULE_MAPPINGS_JOIN);
	expect_same(!strcmp(seen, expected), "mappings of the area, in pages", expected, seen);
}

/* VmLck, in pages. */
static long locked(void)
{
	long kilobytes = read_counter("/proc/self/status", "VmLck");

	if (kilobytes < 0)
		broken("/proc/self/status has no VmLck");
	return kilobytes * 1024 / (long)features.page_size;
}

static void lock(FIXTURE_DATA(mappings) (*self), size_t first, size_t count)
{
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("mlock",
		      errno_of(mlock(page_of(self, first), count * features.page_size)), 0);
}

static void unlock(FIXTURE_DATA(mappings) (*self), size_t first, size_t count)
{
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("munlock",
		      errno_of(munlock(page_of(self, first), count * features.page_size)), 0);
}

/* Move two pages to TARGET; what is left at @first is a mapping without pages. */
static void move_leaving(FIXTURE_DATA(mappings) (*self), size_t first)
{
	const size_t size = 2 * features.page_size;

	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(page_of(self, first), size, size,
		    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		    page_of(self, TARGET)) == page_of(self, TARGET),
	     "mremap with MREMAP_DONTUNMAP: %s", strerror(errno));
}

SCENARIO(mappings, locked_part_moved,
	 "a part of locked memory that moves with MREMAP_DONTUNMAP takes its lock along; VmLck is "
	 "right before and after each part is unlocked or unmapped")
{
	const long before = locked();

	fill(self, FIRST);
	lock(self, FIRST, PAGES);
	expect_result("pages in VmLck", locked() - before, PAGES);
	move_leaving(self, FIRST + 2);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, 2);
	expect_pages(self, TARGET, 2, 2);
	expect_pages(self, FIRST + 4, 4, 2);
	expect_result("mapped pages where they were",
		      page_at(0, page_of(self, FIRST + 2)).at != PLACE_NOWHERE, 0);
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("pages in VmLck after mremap", locked() - before, PAGES);
	unlock(self, FIRST, PAGES);
	expect_result("pages in VmLck after munlock of the rest", locked() - before, 2);
	unmap_memory(page_of(self, TARGET), 2 * features.page_size);
	expect_result("pages in VmLck after munmap", locked() - before, 0);
}

SCENARIO(mappings, left_mapping_joins,
	 "what MREMAP_DONTUNMAP leaves behind is a mapping like a new one: it becomes one with a "
	 "new neighbour")
{
	const size_t size = 2 * features.page_size;

	/* A mapping whose pages were touched elsewhere. */
	fill(self, FIRST + 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(page_of(self, FIRST + 2), size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		    page_of(self, FIRST - 2)) == page_of(self, FIRST - 2),
	     "mremap: %s", strerror(errno));
	move_leaving(self, FIRST - 2);
	map_pages(self, FIRST, 2);
	if (variant->read_only)
		protect_memory(page_of(self, FIRST), size, PROT_READ);
	expect_mappings(self, "0-4 6-10 10-12");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, TARGET, 0, 2);
	expect_pages(self, FIRST + 4, 2, PAGES - 2);
}

SCENARIO(mappings, locked_across_parts,
	 "mlock() and munlock() of a range of which a part is as it should be: it is one mapping "
	 "then, and counted once")
{
	const long before = locked();

	fill(self, FIRST);
	lock(self, FIRST + 2, 2);
	expect_result("pages in VmLck", locked() - before, 2);
	expect_mappings(self, "2-4 4-6 6-8");
	lock(self, FIRST, PAGES);
	expect_result("pages in VmLck", locked() - before, PAGES);
	expect_mappings(self, "2-8");
	unlock(self, FIRST + 2, 2);
	expect_result("pages in VmLck", locked() - before, PAGES - 2);
	expect_mappings(self, "2-4 4-6 6-8");
	unlock(self, FIRST, PAGES);
	expect_result("pages in VmLck", locked() - before, 0);
	expect_mappings(self, "2-8");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
}

SCENARIO(mappings, end_grows,
	 "mremap() lets the end of a mapping grow where it is, asked for by an address inside of "
	 "it; all of it is one mapping")
{
	fill(self, FIRST);
	unmap_memory(page_of(self, FIRST + PAGES), 2 * features.page_size);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(page_of(self, FIRST + 4), 2 * features.page_size, 4 * features.page_size,
		    0) == page_of(self, FIRST + 4),
	     "mremap that grows from inside: %s", strerror(errno));
	expect_mappings(self, "2-10");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_pages(self, FIRST, 0, PAGES);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_zeros(page_of(self, FIRST + PAGES), "bytes of the page that is new");
}

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
	 "mbind() of a range of which a part has the policy makes it one mapping with the policy, "
	 "and one with the default policy again")
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

/* A line of /proc/self/@file about the mapping that begins at @page, behind @key; or "". */
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

static long node_at(void *addr)
{
	int status = -1;

	if (move_pages(0, 1, &addr, NULL, &status, 0) < 0)
		syscall_failed("move_pages", errno);
	return status;
}

/*
 * A page of the ring is mapped at @page. io_uring_mmap() takes no address, so
 * there is a hole in the area, and other holes are filled until it is used.
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
	broken("the ring is never mapped into a hole of one page");
}

/*
 * A ring's pages are the kernel's and cannot be moved; liburing maps them too,
 * and MPOL_MF_MOVE would pass over what is mapped twice. Where they are not mapped
 * as pages (6.1: VM_PFNMAP), nothing is in the way.
 */
SCENARIO(mappings, bind_goes_on,
	 "mbind(MPOL_MF_STRICT | MPOL_MF_MOVE_ALL) moves the memory behind a page that it cannot "
	 "move, and says EIO; pages on the device stay")
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
		expect(!result || result == -EIO, "mbind gives %ld", result);
		for (i = FIRST + 2; i < FIRST + PAGES; i++)
			expect_result("node of a page of memory", node_at(page_of(self, i)),
				      nodes[n]);
	}
	expect_result("of two nodes, those where the ring's page is not", refused,
		      !strstr(flags, " pf"));
	set_rule(RULE_NODES_PASS_OVER);
	if (story_on_device(s))
		expect_pages(self, FIRST, 0, 2);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_mappings", argc, argv);
}
