// SPDX-License-Identifier: GPL-2.0
/*
 * Page table entries that move to another address or to a child: mremap() with
 * MREMAP_DONTUNMAP and into another mapping, MADV_DONTFORK, MADV_WIPEONFORK,
 * userfaultfd
 *
 * An entry that moves takes its page, its permission and its tracking along. A
 * device-private entry is not present, so each of these paths has a branch of
 * its own for it.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3

/* sys/mman.h has it since 5.7. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

FIXTURE(inherited)
{
	struct story story;
	struct buffer moved;	/* where the pages are to be moved; PROT_NONE */
	int fd;			/* a userfaultfd, -1: none */
	size_t page;		/* bytes */
};

FIXTURE_VARIANT(inherited)
{
	enum place place;
	bool read_only;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(inherited, name) { __VA_ARGS__ }
VARIANT(coherent_rw, .place = PLACE_COHERENT);
VARIANT(coherent_ro, .place = PLACE_COHERENT, .read_only = true);
VARIANT(private_rw, .place = PLACE_PRIVATE);
VARIANT(private_ro, .place = PLACE_PRIVATE, .read_only = true);
VARIANT(system_rw, .place = PLACE_SYSTEM);
VARIANT(system_ro, .place = PLACE_SYSTEM, .read_only = true);

WHY_NOT(inherited)
{
	if (strncmp(test, "monitor_moves", strlen("monitor_moves")) ||
	    monitor_can(UFFD_FEATURE_MOVE) || kernel_has(CHANGE_UFFD_MOVE))
		return NULL;
	return "this kernel has no UFFDIO_MOVE (6.8)";
}

FIXTURE_SETUP(inherited)
{
	self->fd = -1;
	self->page = features.page_size;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	self->moved = self->story.buffer;
	self->moved.addr = map_memory(PAGES * self->page, PROT_NONE);
}

FIXTURE_TEARDOWN(inherited)
{
	if (self->fd >= 0)
		close(self->fd);
	unmap_memory(self->moved.addr, PAGES * self->page);
	story_end(&self->story);
}

/* Move pages [first, first + count) by mremap() with more @flags to the same pages of @moved. */
static void move_pages_to(FIXTURE_DATA(inherited) (*self), size_t first, size_t count, int flags)
{
	void *to = buffer_page(&self->moved, first);

	set_rule(RULE_LEGAL_CALLS_WORK);
	must(mremap(buffer_page(&self->story.buffer, first), count * self->page,
		    count * self->page, MREMAP_MAYMOVE | MREMAP_FIXED | flags, to) == to,
	     "mremap: %s", strerror(errno));
}

/* Check that page @i is at its new address, with place, frame and permission of the beginning. */
static void expect_moved(FIXTURE_DATA(inherited) (*self), size_t i)
{
	struct story *s = &self->story;
	unsigned char *to = buffer_page(&self->moved, i);
	const enum permission wanted = s->read_only ? PERM_RO : PERM_RW;
	const enum permission seen = device_snapshot(&s->device, to).permission;

	set_rule(RULE_MOVES_WITH_ADDRESS);
	expect_place(i, page_at(0, to).at, s->place);
	expect(page_at(0, to).pfn == s->frames[i], "page %zu has frame 0x%lx, not 0x%lx, there", i,
	       page_at(0, to).pfn, s->frames[i]);
	expect_same(seen == wanted, "permission", permission_name(wanted), permission_name(seen));
}

/*
 * Check that rmap finds page @i at its new address: a long-term pin moves it
 * to memory. Then check its bytes there.
 */
static void expect_found_there(FIXTURE_DATA(inherited) (*self), size_t i)
{
	const struct pin_kind longterm = { .pin = true, .longterm = true };
	unsigned char *to = buffer_page(&self->moved, i);

	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	if (pin_available()) {
		expect_result("bytes pinned", pin_pages(longterm, to, 1), self->page);
		expect(in_memory(page_at(0, to).at), "page %zu is %s after a long-term pin", i,
		       place_name(page_at(0, to).at));
	}
	set_rule(RULE_MOVES_WITH_ADDRESS);
	expect_bytes(to, self->story.buffer.serial, i, BY_OWNER, "bytes of the moved page");
}

SCENARIO(inherited, left_empty,
	 "MREMAP_DONTUNMAP moves the pages to the new address and leaves holes at the old one; "
	 "rmap finds the pages at the new one")
{
	struct story *s = &self->story;
	size_t i;

	move_pages_to(self, 0, PAGES, MREMAP_DONTUNMAP);
	for (i = 0; i < PAGES; i++) {
		expect_moved(self, i);
		expect_at(s, i, PLACE_NOWHERE);
	}
	set_rule(RULE_HOLE_IS_FILLED);
	expect_result("a load from the old address", cpu_read(&s->buffer, 1, 1, NULL), self->page);
	expect_zeros(buffer_page(&s->buffer, 1), "the old address");
	device_move_to(&s->device, s->buffer.addr, 1);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT);
	expect_found_there(self, 1);
	expect_found_there(self, 2);
}

SCENARIO(inherited, between_others,
	 "a page that mremap() moves into the middle of another mapping keeps its place and its "
	 "own permission; so do those around it")
{
	struct story *s = &self->story;
	const int other = s->read_only ? PROT_READ | PROT_WRITE : PROT_READ;

	protect_memory(self->moved.addr, PAGES * self->page, other);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("a load from the page before it",
		      cpu_read(&self->moved, 0, 1, NULL), self->page);
	move_pages_to(self, 1, 1, 0);
	expect_moved(self, 1);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_stays(s, 2);
	set_rule(RULE_PROTECTION_AS_ASKED);
	expect_result("a store to the page before it",
		      cpu_write(&self->moved, 0, 1, BY_OTHER),
		      s->read_only ? (long)self->page : KILLED_BY(SIGSEGV));
	expect_result("a store to the moved page", cpu_write(&self->moved, 1, 1, BY_OWNER),
		      s->read_only ? KILLED_BY(SIGSEGV) : (long)self->page);
	expect_found_there(self, 1);
}

SCENARIO(inherited, tracked_after_move,
	 "mremap() makes the pages soft-dirty at their new address, and no others")
{
	struct story *s = &self->story;
	int error = write_text("/proc/self/clear_refs", "4");

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	if (error)
		syscall_failed("/proc/self/clear_refs", -error);
	set_rule(RULE_MOVES_WITH_ADDRESS);
	expect_same(!page_at(0, s->buffer.addr).soft_dirty, "soft-dirty bit before", "no", "yes");
	move_pages_to(self, 1, 1, 0);
	set_rule(RULE_MOVES_WITH_ADDRESS);
	expect_same(page_at(0, buffer_page(&self->moved, 1)).soft_dirty,
		    "soft-dirty bit of the moved page", "yes", "no");
	expect_same(!page_at(0, s->buffer.addr).soft_dirty, "soft-dirty bit of another", "no",
		    "yes");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(inherited, unprotected_by_move,
	 "pages that MREMAP_DONTUNMAP moves out of a range that userfaultfd protects are not "
	 "protected; the range stays registered")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->fd = monitor_open(s->buffer.addr, s->buffer.size, 0);
	monitor_protect(self->fd, s->buffer.addr, s->buffer.size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	must(page_at(0, s->buffer.addr).uffd_wp, "UFFDIO_WRITEPROTECT does not protect the page");
	move_pages_to(self, 0, PAGES, MREMAP_DONTUNMAP);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_same(!page_at(0, self->moved.addr).uffd_wp, "protection of the moved page", "off",
		    "on");
	protect_memory(self->moved.addr, PAGES * self->page, PROT_READ | PROT_WRITE);
	expect_result("a store to it", cpu_write(&self->moved, 0, 1, BY_OWNER), self->page);
	set_rule(RULE_UFFD_STOPS_WRITES);
	protect_memory(s->buffer.addr, s->buffer.size, PROT_READ | PROT_WRITE);
	expect_result("a load from the old address", cpu_read(&s->buffer, 0, 1, NULL), self->page);
	monitor_protect(self->fd, s->buffer.addr, self->page, true);
	expect_result("a store there, protected again", cpu_write(&s->buffer, 0, 1, BY_OTHER),
		      KILLED_BY(SIGBUS));
}

SCENARIO(inherited, not_forked,
	 "a child has no mapping of memory with MADV_DONTFORK, and the parent's pages stay "
	 "exclusive; with MADV_DOFORK the next child shares them")
{
	struct story *s = &self->story;

	advise_memory(s->buffer.addr, s->buffer.size, MADV_DONTFORK);
	child_fork(&s->child);
	set_rule(RULE_NOT_FORKED);
	expect_result("the child's load", child_read(&s->child, &s->buffer, 0, 1, NULL),
		      KILLED_BY(SIGSEGV));
	if (s->place != PLACE_PRIVATE) {
		expect_exclusive(s, 0, true);
		story_make_writable(s);
		story_write(s, 0);
	}
	set_rule(RULE_NOT_FORKED);
	expect_stays(s, 0);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_DOFORK);
	child_fork(&s->second_child);
	set_rule(RULE_FORK_SHARES);
	expect_child_keeps_frame(s, &s->second_child, 1);
	expect_child_sees(s, &s->second_child, 1, BY_OWNER);
}

SCENARIO(inherited, wiped_by_fork,
	 "a child sees zeros in memory with MADV_WIPEONFORK, in pages of its own; the parent's "
	 "pages stay exclusive")
{
	struct story *s = &self->story;
	unsigned char *copy = map_memory(self->page, PROT_READ | PROT_WRITE);

	advise_memory(s->buffer.addr, s->buffer.size, MADV_WIPEONFORK);
	child_fork(&s->child);
	set_rule(RULE_NOT_FORKED);
	expect_place(0, page_at(s->child.pid, s->buffer.addr).at, PLACE_NOWHERE);
	expect_result("the child's load", child_read(&s->child, &s->buffer, 0, 1, copy),
		      self->page);
	expect_zeros(copy, "the child's page");
	expect_result("the child's mprotect",
		      child_protect(&s->child, &s->buffer, PROT_READ | PROT_WRITE), 0);
	expect_result("the child's store", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      self->page);
	expect_stays(s, 0);
	if (s->place != PLACE_PRIVATE) {
		set_rule(RULE_NOT_FORKED);
		expect_exclusive(s, 0, true);
	}
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	unmap_memory(copy, self->page);
}

/*
 * The hole is next to pages on the device. In a private range, the filled page
 * is one of memory, too.
 */
SCENARIO(inherited, filled_by_monitor,
	 "UFFDIO_COPY and UFFDIO_ZEROPAGE refuse an address that has a page, and fill a hole next "
	 "to it; minor faults are refused for anonymous memory")
{
	struct story *s = &self->story;
	unsigned char *hole = buffer_page(&s->buffer, 1);
	unsigned char *from = map_memory(self->page, PROT_READ | PROT_WRITE);

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	write_page(from, s->buffer.serial, 1, BY_OTHER);
	self->fd = monitor_open(s->buffer.addr, s->buffer.size, 0);
	set_rule(RULE_FILL_NEEDS_HOLE);
	expect_result("UFFDIO_COPY to a page",
		      monitor_fill(self->fd, FILL_WITH_COPY, hole, from, self->page), -EEXIST);
	expect_result("UFFDIO_ZEROPAGE to a page",
		      monitor_fill(self->fd, FILL_WITH_ZERO, hole, NULL, self->page), -EEXIST);
	expect_result("UFFDIO_CONTINUE of anonymous memory",
		      monitor_fill(self->fd, FILL_FROM_FILE, hole, NULL, self->page), -EINVAL);
	expect_result("registration for minor faults",
		      monitor_watch_for(self->fd, self->moved.addr, self->page,
					UFFDIO_REGISTER_MODE_MINOR), -EINVAL);
	expect_stays(s, 1);
	advise_memory(hole, self->page, MADV_DONTNEED);
	set_rule(RULE_FILL_NEEDS_HOLE);
	expect_result("UFFDIO_COPY to a hole",
		      monitor_fill(self->fd, FILL_WITH_COPY, hole, from, self->page), 0);
	expect_owner_sees(s, 1, BY_OTHER);
	device_move_to(&s->device, hole, 1);
	set_rule(RULE_ENTRY);
	expect_at(s, 1, s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT);
	expect_owner_sees(s, 1, BY_OTHER);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

SCENARIO(inherited, monitor_moves,
	 "UFFDIO_MOVE of a private page fails with EFAULT and changes nothing; it refuses an "
	 "address that has a page, for pages in any place")
{
	struct story *s = &self->story;
	const bool private = s->place == PLACE_PRIVATE;

	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	protect_memory(self->moved.addr, PAGES * self->page, PROT_READ | PROT_WRITE);
	self->fd = monitor_open(self->moved.addr, 2 * self->page, UFFD_FEATURE_MOVE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(self->fd >= 0, "UFFDIO_API refuses UFFD_FEATURE_MOVE");
	set_rule(RULE_MOVED_BY_MAPPING);
	expect_result("UFFDIO_MOVE", monitor_move(self->fd, self->moved.addr, s->buffer.addr,
						  self->page), private ? -EFAULT : 0);
	if (private)
		expect_stays(s, 0);
	else
		expect_place(0, page_at(0, self->moved.addr).at, s->place);
	expect_result("a store", cpu_write(&self->moved, 1, 1, BY_OTHER), self->page);
	expect_result("UFFDIO_MOVE to a page",
		      monitor_move(self->fd, buffer_page(&self->moved, 1),
				   buffer_page(&s->buffer, 1), self->page), -EEXIST);
	expect_stays(s, 1);
	expect_bytes(buffer_page(&self->moved, 1), s->buffer.serial, 1, BY_OTHER,
		     "bytes of the page that was there");
}

SCENARIO(inherited, freed_by_close,
	 "when a userfaultfd is closed, pages in any place lose its protection, and a store works")
{
	struct story *s = &self->story;
	size_t i;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->fd = monitor_open(s->buffer.addr, s->buffer.size, 0);
	monitor_protect(self->fd, s->buffer.addr, s->buffer.size, true);
	close(self->fd);
	self->fd = -1;
	set_rule(RULE_MONITOR_LETS_GO);
	for (i = 0; i < PAGES; i++)
		expect_same(!story_page(s, i).uffd_wp,
			    "protection after close", "off", "on");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	story_make_writable(s);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_result("a store", cpu_write(&s->buffer, 0, 1, BY_OWNER), self->page);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_inherited", argc, argv);
}
