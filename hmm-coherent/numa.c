// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA over pages on a coherent device: which node they are on, what moves
 * them, and where a copy in memory lands
 *
 * A coherent page has a node, and memory policies have no say over it: the
 * calls that query and move pages by node pass over it, each in its own way. As
 * soon as it becomes a page of memory again, by copy-on-write, migration or a
 * long-term pin, the policy counts.
 */
#include "suite/harness.h"

#include <numa.h>
#include <numaif.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 4

FIXTURE(numa)
{
	struct story story;
	/* the node that the buffer is bound to, and another one with memory */
	int home, other;
};

FIXTURE_VARIANT(numa)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(numa, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(numa, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(numa, system) { .place = PLACE_SYSTEM };

static int node_besides(int home)
{
	int node;

	for (node = 0; node <= numa_max_node(); node++)
		if (node != home && numa_bitmask_isbitset(numa_all_nodes_ptr, node) &&
		    numa_node_size64(node, NULL) > 0)
			return node;
	return -1;
}

FIXTURE_SETUP(numa)
{
	self->home = unmovable_node();
	self->other = numa_available() < 0 ? -1 : node_besides(self->home);
	need(self->home >= 0 || movable_node() < 0, SKIP_NO_UNMOVABLE_NODE);
	need(self->home >= 0 && self->other >= 0, SKIP_NO_TWO_NODES);
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(numa)
{
	story_end(&self->story);
}

/*
 * The one node, as the system calls want it; valid until the next call. There
 * may be more nodes than bits in a word.
 */
static struct bitmask *only(int node)
{
	static struct bitmask *nodes;

	if (!nodes)
		nodes = numa_allocate_nodemask();
	if (!nodes)
		broken("no memory for a node mask");
	numa_bitmask_clearall(nodes);
	return numa_bitmask_setbit(nodes, node);
}

/* A memory policy for the buffer, with MPOL_MF_ @flags. Returns 0 or -errno. */
static long __must_check bind_mapping(struct story *s, int node, unsigned int flags)
{
	struct bitmask *nodes = only(node);

	return mbind(s->buffer.addr, s->buffer.size, MPOL_BIND, nodes->maskp, nodes->size + 1,
		     flags) ?
		       -errno :
		       0;
}

/* The same as a step on the way to something else. */
static void bind_buffer(struct story *s, int node)
{
	int error = bind_mapping(s, node, 0);

	if (error)
		syscall_failed("mbind", -error);
}

/* The policy of the process decides from now on, for this buffer too. */
static void bind_task(struct story *s, int node)
{
	struct bitmask *nodes = only(node);

	if (mbind(s->buffer.addr, s->buffer.size, MPOL_DEFAULT, NULL, 0, 0))
		syscall_failed("mbind", errno);
	if (set_mempolicy(MPOL_BIND, nodes->maskp, nodes->size + 1))
		syscall_failed("set_mempolicy", errno);
}

/*
 * move_pages() of the whole buffer to @node, or only asked where it is when
 * that is negative. Returns its result or -errno.
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
 * The node of the page as get_mempolicy() says it, which takes a reference and
 * asks the page itself; or -errno.
 */
static long node_of(struct story *s, size_t page)
{
	int node;

	return get_mempolicy(&node, NULL, 0, buffer_page(&s->buffer, page),
			     MPOL_F_NODE | MPOL_F_ADDR) ?
		       -errno :
		       node;
}

static void expect_memory_of(struct story *s, size_t page, int node)
{
	enum place at = page_at(0, buffer_page(&s->buffer, page)).at;

	expect(in_memory(at), "page %zu is %s, not in memory", page, place_name(at));
	expect_result("node of the page", node_of(s, page), node);
}

/*
 * The rear half of a device's buffer goes back to memory: what has to be told
 * apart is in one call then.
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

/* Page frames of the node's zone for device memory, in /proc/zoneinfo. */
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
	 "a page on the device has a node, the same for whoever asks and for all of its pages; "
	 "memory has the one it is bound to")
{
	struct story *s = &self->story;
	struct page_dump dump = page_dump(s->buffer.addr);
	const char *in_dump = strstr(dump.flags, "node=");
	long node = node_of(s, 0);
	size_t i;

	set_rule(RULE_NODE_OF_DEVICE);
	if (story_on_device(s))
		expect(node >= 0 && device_frames(node) >= device_pages(s->place),
		       "node %ld has no zone for device memory that could hold the device", node);
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
	 "move_pages() without nodes says -ENOENT for a page on the device, and the node for one "
	 "in memory")
{
	struct story *s = &self->story;
	int status[PAGES], i;

	half_back(s);
	set_rule(RULE_NODES_PASS_OVER);
	expect_result("move_pages", move_buffer(s, -1, status), 0);
	for (i = 0; i < PAGES; i++)
		expect_result("its status", status[i],
			      story_on_device(s) && i < PAGES / 2 ? -ENOENT : self->home);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_same_frame(s, i);
}

SCENARIO(numa, move,
	 "move_pages() to any node leaves a page on the device and says -ENOENT; a page in memory "
	 "moves")
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
				expect_result("its status", status[i], -ENOENT);
				expect_stays(s, i);
			} else {
				expect_result("its status", status[i], nodes[n]);
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
 * STRICT promises EIO for pages that do not follow the policy. Device pages are
 * not looked at, on whatever node they are.
 */
SCENARIO(numa, mbind_strict,
	 "mbind() with MPOL_MF_STRICT is content with pages on the device on any node; misplaced "
	 "memory is EIO")
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
	 "mbind() with MPOL_MF_MOVE moves memory to the policy's node, and leaves pages on the "
	 "device, without an error")
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
	 "migrate_pages() of the whole process from node to node leaves pages on the device")
{
	struct story *s = &self->story;
	struct bitmask *from, *to = numa_allocate_nodemask();
	long left;
	size_t i;

	half_back(s);
	if (!to)
		broken("no memory for a node mask");
	numa_bitmask_setbit(to, self->other);
	from = only(self->home);
	left = numa_migrate_pages(0, from, to);
	set_rule(RULE_NODES_PASS_OVER);
	/* It says how many pages it could not move; some of a process are shared and never do. */
	expect(left >= 0, "migrate_pages fails: %s", strerror(errno));
	for (i = 0; i < PAGES; i++) {
		if (story_on_device(s) && i < PAGES / 2)
			expect_stays(s, i);
		else
			expect_memory_of(s, i, self->other);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

/* Pages per node of the buffer in /proc/self/numa_maps. */
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

SCENARIO(numa, maps, "numa_maps counts the pages in memory and none of the device")
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

SCENARIO(numa, copy_by_mapping,
	 "the copy that a write to a shared page makes lands where the mapping's policy says, "
	 "whatever the device's node")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	child_fork(&s->child);
	story_make_writable(s);
	for (n = 0; n < 2; n++) {
		set_rule(RULE_NODES_PASS_OVER);
		expect_result("mbind", bind_mapping(s, nodes[n], 0), 0);
		expect_stays(s, n);
		story_write(s, n);
		set_rule(RULE_COPY_BY_POLICY);
		expect_memory_of(s, n, nodes[n]);
		expect_other_frame(s, n);
		expect_owner_sees(s, n, BY_OWNER_AGAIN);
		set_rule(RULE_NO_LEAK);
		expect_child_keeps_frame(s, &s->child, n);
		expect_child_sees(s, &s->child, n, BY_OWNER);
	}
}

SCENARIO(numa, copy_by_task,
	 "where the mapping has no policy, the writer's set_mempolicy() says where the copy lands")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	child_fork(&s->child);
	story_make_writable(s);
	for (n = 0; n < 2; n++) {
		bind_task(s, nodes[n]);
		story_write(s, n);
		set_rule(RULE_COPY_BY_POLICY);
		expect_memory_of(s, n, nodes[n]);
		expect_other_frame(s, n);
		set_rule(RULE_NO_LEAK);
		expect_child_keeps_frame(s, &s->child, n);
	}
}

SCENARIO(numa, unshared_by_mapping,
	 "a pin for reading that unshares a page puts its copy where the mapping's policy says")
{
	struct story *s = &self->story;

	need(pin_available(), SKIP_NO_GUP_TEST);
	child_fork(&s->child);
	bind_buffer(s, self->other);
	set_rule(RULE_PIN_UNSHARES);
	expect_result("bytes pinned",
		      pin_pages((struct pin_kind){ .pin = true }, s->buffer.addr, 1),
		      features.page_size);
	expect_other_frame(s, 0);
	set_rule(RULE_COPY_BY_POLICY);
	expect_memory_of(s, 0, self->other);
	set_rule(RULE_NO_LEAK);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(numa, back_by_mapping, "migration back to memory follows the mapping's policy")
{
	struct story *s = &self->story;
	size_t i;

	bind_buffer(s, self->other);
	story_migrate_back(s);
	set_rule(story_on_device(s) ? RULE_BACK_BY_POLICY : RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++) {
		expect_memory_of(s, i, story_on_device(s) ? self->other : self->home);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(numa, back_by_task,
	 "where the mapping has no policy, migration back follows set_mempolicy() of who asks for "
	 "it")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	/* Two nodes, so that the one that is near to this processor is not right by chance. */
	for (n = 0; n < 2; n++) {
		bind_task(s, nodes[n]);
		device_move_back(&s->device, buffer_page(&s->buffer, n), 1);
		set_rule(story_on_device(s) ? RULE_BACK_BY_POLICY : RULE_NOTHING_ELSE_CHANGES);
		expect_memory_of(s, n, story_on_device(s) ? nodes[n] : self->home);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

static const struct pin_kind longterm_pins[] = { { .pin = true, .longterm = true },
						 { .pin = true, .longterm = true, .fast = true } };

SCENARIO(numa, pin_by_task,
	 "a long-term pin brings the page to the node of set_mempolicy() where the mapping has no "
	 "policy")
{
	struct story *s = &self->story;
	const int nodes[] = { self->other, self->home };
	int n;

	need(pin_available(), SKIP_NO_GUP_TEST);
	for (n = 0; n < 2; n++) {
		bind_task(s, nodes[n]);
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_result("bytes pinned",
			      pin_pages(longterm_pins[n], buffer_page(&s->buffer, n), 1),
			      features.page_size);
		set_rule(story_on_device(s) ? RULE_COPY_BY_POLICY : RULE_NOTHING_ELSE_CHANGES);
		expect_memory_of(s, n, story_on_device(s) ? nodes[n] : self->home);
		expect_owner_sees(s, n, BY_OWNER);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

/*
 * mbind(2): MPOL_BIND is strict, memory of this mapping comes from these nodes.
 * A pin that breaks that breaks it for good: the page is stuck.
 */
SCENARIO(numa, pin_within_binding,
	 "a long-term pin brings the page to a node that the mapping is bound to, whatever the "
	 "policy of the process")
{
	struct story *s = &self->story;
	size_t i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	bind_task(s, self->other);
	bind_buffer(s, self->home);
	for (i = 0; i < 2; i++) {
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_result("bytes pinned",
			      pin_pages(longterm_pins[i], buffer_page(&s->buffer, i), 1),
			      features.page_size);
		set_rule(RULE_COPY_BY_POLICY);
		expect_memory_of(s, i, self->home);
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_numa", argc, argv);
}
