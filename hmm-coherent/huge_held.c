// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page of memory that another process holds, or that a monitor protects, and
 * that is written as a whole entry of the page table (S3)
 *
 * The tests of small pages see do_wp_page() and can_follow_write_pte(); a huge
 * page has do_huge_pmd_wp_page() and can_follow_write_pmd().
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/cpu.h"
#include "reach/monitor.h"
#include "see/counters.h"
#include "see/pin.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 1
#define HELD 3		/* the small page of the huge page that is held or written */

FIXTURE(huge_held)
{
	struct story story;
	struct huge_range range;
	int pipe[2];
	int monitor;		/* -1: none */
	struct child debugger;	/* does not map the range */
};

FIXTURE_VARIANT(huge_held)
{
	bool as_huge;		/* or as small pages, for comparison */
};

FIXTURE_VARIANT_ADD(huge_held, huge) { .as_huge = true };
FIXTURE_VARIANT_ADD(huge_held, split) { .as_huge = false };

WHY_NOT(huge_held)
{
	if (!strcmp(test, "migrated_while_shared") && !kernel_has(CHANGE_HUGE_ON_DEVICE))
		return "this kernel splits no huge page to migrate a part of it (6.19)";
	return NULL;
}

FIXTURE_SETUP(huge_held)
{
	size_t i;

	self->monitor = -1;
	child_fork(&self->debugger);
	story_begin(&self->story, PLACE_SYSTEM, false, PAGES);
	huge_range_begin(&self->range, &self->story.device);
	for (i = 0; i < self->range.pages; i++)
		write_page(page_in(self->range.addr, i), self->story.buffer.serial, i, BY_OWNER);
	/* A change of a part splits the entry, not the page. */
	if (!variant->as_huge) {
		protect_memory(self->range.addr, features.page_size, PROT_READ);
		protect_memory(self->range.addr, features.page_size, PROT_READ | PROT_WRITE);
	}
	if (pipe2(self->pipe, O_CLOEXEC))
		syscall_failed("pipe2", errno);
}

FIXTURE_TEARDOWN(huge_held)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
	if (self->monitor >= 0)
		close(self->monitor);
	child_leave(&self->debugger);
	huge_range_end(&self->range);
	story_end(&self->story);
}

static unsigned char *held(FIXTURE_DATA(huge_held) (*self))
{
	return page_in(self->range.addr, HELD);
}

struct held_page {
	unsigned char *addr;
	int pipe;
};

static struct held_page held_page;

/* In the child: a reference to the page, which outlives the child in the pipe. */
static long hold_here(const struct buffer *buffer, long arg)
{
	struct iovec iov = { held_page.addr, features.page_size };

	(void)buffer;
	(void)arg;
	return errno_of(vmsplice(held_page.pipe, &iov, 1, 0));
}

/* What the holder reads, which releases the reference. */
static void expect_in_pipe(FIXTURE_DATA(huge_held) (*self), enum writer writer)
{
	static unsigned char bytes[65536] __aligned(8);
	size_t got = 0;
	ssize_t part;

	while (got < features.page_size &&
	       (part = read(self->pipe[0], bytes + got, features.page_size - got)) > 0)
		got += part;
	expect_result("bytes that the holder reads", got, features.page_size);
	expect_bytes(bytes, self->story.buffer.serial, HELD, writer, "what the holder reads");
}

static void write_held(FIXTURE_DATA(huge_held) (*self))
{
	write_page(held(self), self->story.buffer.serial, HELD, BY_OWNER_AGAIN);
	expect_bytes(held(self), self->story.buffer.serial, HELD, BY_OWNER_AGAIN,
		     "what the owner has written");
}

SCENARIO(huge_held, by_former_child,
	 "a write to a huge page of which a former child holds a reference makes a copy: the "
	 "holder does not see it")
{
	struct story *s = &self->story;

	held_page = (struct held_page){ held(self), self->pipe[1] };
	child_fork(&s->child);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("vmsplice of the child", child_call(&s->child, &s->buffer, hold_here, 0),
		      features.page_size);
	child_leave(&s->child);
	set_rule(RULE_NO_LEAK);
	write_held(self);
	expect_in_pipe(self, BY_OWNER);
}

SCENARIO(huge_held, by_owner,
	 "a write to a huge page of which the owner itself holds a reference is seen by the holder")
{
	held_page = (struct held_page){ held(self), self->pipe[1] };
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("vmsplice", hold_here(NULL, 0), features.page_size);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	write_held(self);
	expect_in_pipe(self, BY_OWNER_AGAIN);
}

/* A debugger's write, which needs no permission of the mapping. */
static long force(FIXTURE_DATA(huge_held) (*self))
{
	const struct buffer buffer = { .addr = self->range.addr, .pages = self->range.pages,
				       .size = self->range.size,
				       .serial = self->story.buffer.serial };

	return other_poke(&self->debugger, &buffer, HELD, 1);
}

SCENARIO(huge_held, forced,
	 "a debugger's write to a read-only huge page that userfaultfd protects fails and "
	 "changes nothing; without the protection it works")
{
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(self->range.addr, self->range.size, 0);
	monitor_protect(self->monitor, self->range.addr, self->range.size, true);
	protect_memory(self->range.addr, self->range.size, PROT_READ);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a write to the protected page", force(self), -EIO);
	expect_bytes(held(self), self->story.buffer.serial, HELD, BY_OWNER, "the protected page");
	monitor_protect(self->monitor, self->range.addr, self->range.size, false);
	set_rule(RULE_FORCE_BREAKS_COW);
	expect_result("a write without the protection", force(self), features.page_size);
	expect_bytes(held(self), self->story.buffer.serial, HELD, BY_OTHER, "the page");
}

/* The range as a buffer. */
static struct buffer whole(FIXTURE_DATA(huge_held) (*self))
{
	return (struct buffer){ .addr = self->range.addr, .pages = self->range.pages,
				.size = self->range.size, .serial = self->story.buffer.serial };
}

static void expect_child_sees_page(FIXTURE_DATA(huge_held) (*self), enum writer writer)
{
	struct buffer range = whole(self);
	const enum data seen = child_look(&self->story.child, &range, HELD, writer, BY_CHILD);

	expect_same(seen == DATA_OLD, "what the child sees", data_name(DATA_OLD), data_name(seen));
}

SCENARIO(huge_held, tracked,
	 "mprotect() of all pages to read-only and back makes none soft-dirty, and a later write "
	 "does")
{
	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	clear_soft_dirty();
	protect_memory(self->range.addr, self->range.size, PROT_READ);
	protect_memory(self->range.addr, self->range.size, PROT_READ | PROT_WRITE);
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_soft_dirty("the page before the write", page_at(0, held(self)), false);
	write_held(self);
	expect_soft_dirty("the page after the write", page_at(0, held(self)), true);
}

SCENARIO(huge_held, child_is_free,
	 "the pages of a child are not protected by its parent's userfaultfd, those of the parent "
	 "stay so")
{
	struct buffer range = whole(self);
	struct child *child = &self->story.child;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(range.addr, range.size, 0);
	monitor_protect(self->monitor, range.addr, range.size, true);
	child_fork(child);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the child's page", page_at(child->pid, held(self)), false);
	expect_result("the child's write", child_write(child, &range, HELD, 1, BY_CHILD),
		      features.page_size);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("the parent's page", page_at(0, held(self)), true);
	expect_result("the parent's write", cpu_write(&range, HELD, 1, BY_OTHER),
		      KILLED_BY(SIGBUS));
	expect_bytes(held(self), range.serial, HELD, BY_OWNER, "the protected page");
}

/* A pin of one of the pages, for reading, gives the owner a page of its own first. */
static void expect_pin_unshares(FIXTURE_DATA(huge_held) (*self), bool fast)
{
	const struct pin_kind kind = { .pin = true, .fast = fast };
	struct child *child = &self->story.child;

	need(pin_available(), SKIP_NO_GUP_TEST);
	child_fork(child);
	set_rule(RULE_PIN_UNSHARES);
	expect_result("bytes pinned", pin_pages(kind, held(self), 1), features.page_size);
	expect(page_at(0, held(self)).pfn != page_at(child->pid, held(self)).pfn,
	       "GUP pins the page that the child has");
	expect_child_sees_page(self, BY_OWNER);
}

/* follow_huge_pmd() and follow_page_pte() */
SCENARIO(huge_held, pinned_while_shared,
	 "slow GUP that pins a page for reading, which a child shares, gives the owner a page of "
	 "its own first")
{
	expect_pin_unshares(self, false);
}

/* gup_fast_pmd_leaf() and gup_fast_pte_range(): the first pin of a huge page splits it. */
SCENARIO(huge_held, pinned_fast_while_shared, "the same by GUP-fast")
{
	expect_pin_unshares(self, true);
}

/* __split_huge_pmd_locked(): MADV_FREE leaves the entry soft-dirty and clean. */
SCENARIO(huge_held, freed_and_split,
	 "pages that were written and given up by MADV_FREE stay soft-dirty when a part is "
	 "protected")
{
	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	clear_soft_dirty();
	write_held(self);
	advise_memory(self->range.addr, self->range.size, MADV_FREE);
	protect_memory(self->range.addr, features.page_size, PROT_READ);
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_soft_dirty("the page that was written", page_at(0, held(self)), true);
}

SCENARIO(huge_held, freed_while_shared,
	 "MADV_FREE of pages that a child maps, too, leaves them: smaps counts none as LazyFree")
{
	struct child *child = &self->story.child;
	struct buffer range = whole(self);

	child_fork(child);
	advise_memory(range.addr, range.size, MADV_FREE);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("LazyFree", smaps_bytes(range.addr, "LazyFree"), 0);
	expect_bytes(held(self), range.serial, HELD, BY_OWNER, "the page");
	expect_child_sees_page(self, BY_OWNER);
}

SCENARIO(huge_held, written_by_device,
	 "a device's write to pages that a child shares makes a copy: the child does not see it")
{
	struct device *device = &self->story.device;
	struct child *child = &self->story.child;
	struct buffer range = whole(self);

	/* So that the device has read the entry before. */
	set_rule(RULE_NO_LEAK);
	expect_result("the device's read", device_read(device, held(self), 1), 0);
	child_fork(child);
	write_page(device->bounce, range.serial, HELD, BY_OTHER);
	expect_result("the device's write", device_write(device, held(self), 1), 0);
	expect_bytes(held(self), range.serial, HELD, BY_OTHER, "what the device has written");
	expect_child_sees_page(self, BY_OWNER);
}

SCENARIO(huge_held, migrated_while_shared,
	 "a page that a child shares is migrated for both, and the other pages stay in memory")
{
	struct story *s = &self->story;
	struct buffer range = whole(self);

	child_fork(&s->child);
	device_move_to(&s->device, held(self), 1);
	set_rule(RULE_LARGE_IS_SPLIT);
	expect_place(HELD, page_at(0, held(self)).at, PLACE_COHERENT);
	expect_place(HELD, page_at(s->child.pid, held(self)).at, PLACE_COHERENT);
	expect_result("pages on the device", pages_at(range.addr, range.pages, PLACE_COHERENT), 1);
	expect_bytes(held(self), range.serial, HELD, BY_OWNER, "the page");
	expect_child_sees_page(self, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_huge_held", argc, argv);
}
