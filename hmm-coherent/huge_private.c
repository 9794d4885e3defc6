// SPDX-License-Identifier: GPL-2.0
/*
 * Huge pages that migrate as one to a device with private memory: what happens
 * to them there
 *
 * The page table has one entry for all small pages, which is not present. Each
 * operation on a part of the range must split it.
 */
#include "suite/harness.h"

#include <errno.h>
#include <numaif.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/pin.h"
#include "story/huge.h"
#include "story/nodes.h"

FIXTURE(huge_private)
{
	struct huge huge;
	struct buffer range;
};

FIXTURE_VARIANT(huge_private)
{
	bool read_only;
};

FIXTURE_VARIANT_ADD(huge_private, rw) { .read_only = false };
FIXTURE_VARIANT_ADD(huge_private, ro) { .read_only = true };

WHY_NOT(huge_private)
{
	return kernel_has(CHANGE_HUGE_ON_DEVICE) ? NULL :
		       "this kernel migrates no huge page as one to a device (6.19)";
}

static size_t on_device(FIXTURE_DATA(huge_private) (*self), unsigned char *range, size_t first,
			size_t count)
{
	return device_count_local(&self->huge.device, page_in(range, first), count);
}

/* A huge page, which then is on the device as one. */
FIXTURE_SETUP(huge_private)
{
	struct huge *h = &self->huge;

	huge_begin(h, variant->read_only);
	device_close(&h->device);
	device_open(&h->device, PLACE_PRIVATE, h->pages);
	self->range = (struct buffer){ .addr = h->addr, .serial = h->story.buffer.serial,
				       .pages = h->pages, .size = h->size };
	huge_fill(h, h->addr, true);
	huge_move_to_device(h, 0, h->pages);
	set_rule(RULE_HUGE_IS_SPLIT);
	must(on_device(self, h->addr, 0, h->pages) == h->pages,
	     "the huge page is not on the device");
	must(device_snapshot(&h->device, h->addr).huge,
	     "the huge page is mapped by small entries on the device");
}

FIXTURE_TEARDOWN(huge_private)
{
	huge_end(&self->huge);
}

/* How many pages of [first, end) at @range have lost their bytes. Reads bring them back. */
static size_t lost(FIXTURE_DATA(huge_private) (*self), unsigned char *range, size_t first,
		   size_t end)
{
	size_t i, count = 0;

	for (i = first; i < end; i++)
		count += read_page(page_in(range, i), self->range.serial, i, BY_OWNER, BY_OTHER) !=
			 DATA_OLD;
	return count;
}

static void expect_all(FIXTURE_DATA(huge_private) (*self), unsigned char *range, size_t first,
		       size_t end)
{
	expect_result("pages with other bytes than before", lost(self, range, first, end), 0);
}

static void expect_private(FIXTURE_DATA(huge_private) (*self), unsigned char *range, size_t first,
			   size_t count)
{
	expect_result("pages on the device", on_device(self, range, first, count), count);
}

SCENARIO(huge_private, read_back,
	 "a read of one page brings it back to memory; all pages keep their bytes and permission")
{
	struct huge *h = &self->huge;
	const enum permission mapped = h->story.read_only ? PERM_RO : PERM_RW;

	set_rule(RULE_PRIVATE_FAULTS_BACK);
	expect_bytes(page_in(h->addr, 300), self->range.serial, 300, BY_OWNER,
		     "bytes that a read brings back");
	expect(in_memory(page_at(0, page_in(h->addr, 300)).at), "the page is not in memory");
	expect_all(self, h->addr, 0, h->pages);
	expect(device_snapshot(&h->device, page_in(h->addr, 300)).permission == mapped,
	       "the page has another permission than before");
	expect_result("pages still on the device", on_device(self, h->addr, 0, h->pages), 0);
}

SCENARIO(huge_private, forked,
	 "after fork() parent and child read the same bytes, and neither sees what the other one "
	 "writes")
{
	struct huge *h = &self->huge;
	struct child *child = &h->story.child;
	size_t i, changed = 0;

	child_fork(child);
	set_rule(RULE_FORK_SHARES);
	expect_private(self, h->addr, 0, h->pages);
	if (h->story.read_only)
		protect_memory(h->addr, h->size, PROT_READ | PROT_WRITE);
	set_rule(RULE_NO_LEAK);
	expect_result("the owner's write", cpu_write(&self->range, 5, 1, BY_OWNER_AGAIN),
		      features.page_size);
	for (i = 0; i < h->pages; i += i < 10 ? 1 : 37)
		changed += child_look(child, &self->range, i, BY_OWNER, BY_OWNER_AGAIN) != DATA_OLD;
	expect_result("pages with other bytes for the child", changed, 0);
	expect_bytes(page_in(h->addr, 5), self->range.serial, 5, BY_OWNER_AGAIN,
		     "bytes that the owner has written");
	expect_all(self, h->addr, 6, h->pages);
}

SCENARIO(huge_private, protected,
	 "mprotect() of all pages leaves them on the device as one; of one page it splits the "
	 "entry")
{
	struct huge *h = &self->huge;

	protect_memory(h->addr, h->size, PROT_NONE);
	protect_memory(h->addr, h->size, PROT_READ);
	set_rule(RULE_PROTECTION_AS_ASKED);
	expect_private(self, h->addr, 0, h->pages);
	expect(device_snapshot(&h->device, h->addr).huge,
	       "mprotect() of the whole range has split the entry");
	expect_result("a write through the read-only mapping",
		      cpu_write(&self->range, 9, 1, BY_OWNER_AGAIN), KILLED_BY(SIGSEGV));
	protect_memory(page_in(h->addr, 9), features.page_size, PROT_READ | PROT_WRITE);
	expect_private(self, h->addr, 100, h->pages - 100);
	expect_result("a write to the page that is writable",
		      cpu_write(&self->range, 9, 1, BY_OWNER_AGAIN), features.page_size);
	expect_all(self, h->addr, 0, 9);
	expect_all(self, h->addr, 10, h->pages);
}

SCENARIO(huge_private, part_freed,
	 "MADV_DONTNEED of some pages frees these; the others stay on the device with their bytes")
{
	struct huge *h = &self->huge;

	advise_memory(page_in(h->addr, 100), 5 * features.page_size, MADV_DONTNEED);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("pages left where memory was freed",
		      pages_at(page_in(h->addr, 100), 5, PLACE_NOWHERE), 5);
	expect_private(self, h->addr, 0, 100);
	expect_private(self, h->addr, 105, h->pages - 105);
	expect_all(self, h->addr, 0, 100);
	expect_all(self, h->addr, 105, h->pages);
	expect_zeros(page_in(h->addr, 102), "a page that was freed");
}

SCENARIO(huge_private, part_back,
	 "migration of some pages back brings these back; the others stay on the device")
{
	struct huge *h = &self->huge;

	device_move_back(&h->device, page_in(h->addr, 100), 5);
	set_rule(RULE_BACK);
	expect_result("pages on the device where they were migrated back",
		      on_device(self, h->addr, 100, 5), 0);
	expect_private(self, h->addr, 0, 100);
	expect_private(self, h->addr, 105, h->pages - 105);
	expect_all(self, h->addr, 0, h->pages);
}

SCENARIO(huge_private, back, "migration of all pages back brings the huge page back")
{
	struct huge *h = &self->huge;

	device_move_back(&h->device, h->addr, h->pages);
	set_rule(RULE_BACK);
	expect_result("pages on the device", on_device(self, h->addr, 0, h->pages), 0);
	expect_all(self, h->addr, 0, h->pages);
}

SCENARIO(huge_private, moved,
	 "mremap() moves the entry of a huge page on the device to another address, whole and in "
	 "part")
{
	struct huge *h = &self->huge;
	unsigned char *to = h->control;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	move_memory(h->addr, h->size, to);
	expect_private(self, to, 0, h->pages);
	expect_result("pages left at the old address",
		      pages_at(h->addr, h->pages, PLACE_NOWHERE), h->pages);
	move_memory(page_in(to, 20), 3 * features.page_size, page_in(h->addr, 20));
	expect_private(self, h->addr, 20, 3);
	expect_private(self, to, 23, h->pages - 23);
	expect_all(self, h->addr, 20, 23);
	expect_all(self, to, 0, 20);
	expect_all(self, to, 23, h->pages);
}

SCENARIO(huge_private, pinned,
	 "a long-term pin of one page brings it back to memory and keeps it there")
{
	struct huge *h = &self->huge;
	const bool write = !h->story.read_only;
	unsigned long frame;
	int held;

	need(pin_available(), SKIP_NO_GUP_TEST);
	set_rule(RULE_PRIVATE_FAULTS_BACK);
	held = pin_hold(true, write, page_in(h->addr, 50), 1);
	must(held >= 0, "a long-term pin of a page on the device returns %d", held);
	expect(in_memory(page_at(0, page_in(h->addr, 50)).at), "the pinned page is not in memory");
	frame = page_at(0, page_in(h->addr, 50)).pfn;
	huge_move_to_device(h, 50, 1);
	set_rule(RULE_PINNED_STAYS);
	expect(page_at(0, page_in(h->addr, 50)).pfn == frame, "the pinned page has moved");
	expect_all(self, h->addr, 0, h->pages);
	pin_drop(held);
}

SCENARIO(huge_private, write_protected,
	 "userfaultfd write-protects a huge page on the device; a write ends in SIGBUS until the "
	 "protection is removed")
{
	struct huge *h = &self->huge;
	int monitor;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	if (h->story.read_only)
		protect_memory(h->addr, h->size, PROT_READ | PROT_WRITE);
	monitor = monitor_open(h->addr, h->size, 0);
	monitor_protect(monitor, h->addr, h->size, true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_private(self, h->addr, 0, h->pages);
	expect_result("a write to a protected page", cpu_write(&self->range, 9, 1, BY_OWNER_AGAIN),
		      KILLED_BY(SIGBUS));
	expect_all(self, h->addr, 0, h->pages);
	expect_result("a write to another page", cpu_write(&self->range, 300, 1, BY_OWNER_AGAIN),
		      KILLED_BY(SIGBUS));
	monitor_protect(monitor, h->addr, h->size, false);
	expect_result("a write without the protection",
		      cpu_write(&self->range, 9, 1, BY_OWNER_AGAIN), features.page_size);
	close(monitor);
}

SCENARIO(huge_private, bound,
	 "mbind() with MPOL_MF_MOVE leaves a huge page on the device")
{
	struct huge *h = &self->huge;
	const int node = numa_available() < 0 ? -1 : node_besides(0);

	need(node >= 0, SKIP_NO_TWO_NODES);
	set_rule(RULE_NODES_PASS_OVER);
	expect_result("mbind",
		      errno_of(mbind(h->addr, h->size, MPOL_BIND, node_mask(node)->maskp,
				     node_mask(node)->size + 1, MPOL_MF_MOVE)),
		      0);
	expect_private(self, h->addr, 0, h->pages);
	expect(device_snapshot(&h->device, h->addr).huge, "mbind() has split the entry");
	expect_all(self, h->addr, 0, h->pages);
}

SCENARIO(huge_private, read_by_itself,
	 "the device reads its own huge page in place")
{
	struct huge *h = &self->huge;

	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("the device's read", device_read(&h->device, page_in(h->addr, 50), 2), 0);
	expect_bytes(h->device.bounce, self->range.serial, 50, BY_OWNER,
		     "bytes that the device reads");
	expect_private(self, h->addr, 0, h->pages);
	expect(device_snapshot(&h->device, h->addr).huge, "a read by the device splits the entry");
}

SCENARIO(huge_private, freed,
	 "MADV_DONTNEED of all pages also frees the page table that the huge page had in reserve")
{
	struct huge *h = &self->huge;
	const long before = read_counter("/proc/self/status", "VmPTE");

	advise_memory(h->addr, h->size, MADV_DONTNEED);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_result("kilobytes of page tables that are freed (VmPTE)",
		      before - read_counter("/proc/self/status", "VmPTE"),
		      features.page_size / 1024);
	expect_result("pages left", pages_at(h->addr, h->pages, PLACE_NOWHERE), h->pages);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_huge_private", argc, argv);
}
