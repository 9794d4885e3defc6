// SPDX-License-Identifier: GPL-2.0
/*
 * The extent of userfaultfd write protection: part of a range, mremap(),
 * fork(), unregistration and close
 *
 * The protection is a bit in the page table entry, which only the monitor of
 * the userfaultfd clears. If an entry is copied, moved or split, the bit must
 * be right for the new mapping: with lost protection a snapshot misses a write,
 * with stale protection a process is stopped for ever.
 */
#include "suite/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(monitor)
{
	struct story story;
	int fd;			/* the userfaultfd, -1: none */
	struct buffer shared;	/* a mapping of shared memory, if the scenario has one */
	int file;
};

FIXTURE_VARIANT(monitor)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(monitor, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(monitor, system) { .place = PLACE_SYSTEM };

WHY_NOT(monitor)
{
	if (!strcmp(test, "hole_is_read") && !kernel_has(CHANGE_UFFD_HOLES))
		return "this kernel does not protect holes (6.4)";
	return NULL;
}

FIXTURE_SETUP(monitor)
{
	self->fd = -1;
	self->file = -1;
	self->shared.addr = NULL;
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(monitor)
{
	if (self->fd >= 0)
		close(self->fd);
	if (self->shared.addr)
		unmap_memory(self->shared.addr, self->shared.size);
	if (self->file >= 0)
		close(self->file);
	story_end(&self->story);
}

static struct page page_of(const struct buffer *buffer, size_t page)
{
	return page_at(0, buffer_page(buffer, page));
}

/* Register and write-protect all pages of the story. */
static void protect_all(FIXTURE_DATA(monitor) (*self))
{
	struct buffer *buffer = &self->story.buffer;

	self->fd = monitor_open(buffer->addr, buffer->size, 0);
	monitor_protect(self->fd, buffer->addr, buffer->size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	must(page_of(buffer, 0).uffd_wp, "UFFDIO_WRITEPROTECT does not protect the page");
}

/* Check that no page is protected any more, and a write is done in place. */
static void expect_free(struct story *s)
{
	size_t i;

	set_rule(RULE_MONITOR_LETS_GO);
	for (i = 0; i < PAGES; i++)
		expect_uffd_wp("the page", page_of(&s->buffer, i), false);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	story_write(s, 0);
	expect_stays(s, 0);
}

SCENARIO(monitor, unregistered,
	 "protection ends when the range is unregistered; a write is done in place then")
{
	struct story *s = &self->story;

	protect_all(self);
	monitor_leave(self->fd, s->buffer.addr, s->buffer.size);
	expect_free(s);
}

SCENARIO(monitor, unregistered_in_part,
	 "if a part of a range is unregistered, the rest stays protected")
{
	struct story *s = &self->story;

	protect_all(self);
	monitor_leave(self->fd, buffer_page(&s->buffer, 1), features.page_size);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the page that was unregistered", page_of(&s->buffer, 1), false);
	expect_result("a write to it", cpu_write(&s->buffer, 1, 1, BY_OWNER), features.page_size);
	expect_uffd_wp("the page before it", page_of(&s->buffer, 0), true);
	expect_uffd_wp("the page behind it", page_of(&s->buffer, 2), true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a write to the page before it",
		      cpu_write(&s->buffer, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	expect_result("a write to the page behind it",
		      cpu_write(&s->buffer, 2, 1, BY_OTHER), KILLED_BY(SIGBUS));
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_stays(s, 1);
}

SCENARIO(monitor, closed, "protection ends when the userfaultfd is closed")
{
	struct story *s = &self->story;

	protect_all(self);
	close(self->fd);
	self->fd = -1;
	expect_free(s);
}

SCENARIO(monitor, moved_away,
	 "pages that mremap() moves to an unregistered mapping are not protected there, and keep "
	 "frame and bytes")
{
	struct story *s = &self->story;
	struct buffer moved = s->buffer;
	unsigned char *to = map_memory(s->buffer.size, PROT_NONE);

	protect_all(self);
	move_memory(s->buffer.addr, s->buffer.size, to);
	moved.addr = to;
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the moved page", page_of(&moved, 0), false);
	expect(page_of(&moved, 0).pfn == s->frames[0], "the moved page has frame 0x%lx, not 0x%lx",
	       page_of(&moved, 0).pfn, s->frames[0]);
	expect_bytes(moved.addr, s->buffer.serial, 0, BY_OWNER, "bytes of the moved page");
	expect_result("a write to it", cpu_write(&moved, 0, 1, BY_OWNER_AGAIN),
		      features.page_size);
	move_memory(moved.addr, moved.size, s->buffer.addr);
}

/* mremap() moves a page table as a whole if it can (move_normal_pmd()). */
SCENARIO(monitor, table_moved,
	 "the same for pages that fill a page table")
{
	const size_t size = features.page_size / sizeof(uint64_t) * features.page_size,
		     at[] = { 0, size / 2, size - features.page_size };
	unsigned char *room = map_memory(4 * size, PROT_NONE), *from, *to;
	size_t i;

	from = room + (size - (uintptr_t)room % size) % size;
	to = from + 2 * size;
	protect_memory(from, size, PROT_READ | PROT_WRITE);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		from[at[i]] = 1;
	self->fd = monitor_open(from, size, 0);
	monitor_protect(self->fd, from, size, true);
	move_memory(from, size, to);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		set_rule(RULE_MONITOR_LETS_GO);
		expect_uffd_wp("the moved page", page_at(0, to + at[i]), false);
		expect_result("byte of the moved page", to[at[i]], 1);
	}
	unmap_memory(room, 4 * size);
}

/* do_anonymous_page() maps the zero page for a read, with the mark of the hole. */
SCENARIO(monitor, hole_is_read,
	 "a protected hole that is read, by the CPU or by another process, stays protected")
{
	const size_t size = features.page_size;
	struct child *other = &self->story.second_child;
	struct buffer hole = self->story.buffer;
	static unsigned char copy[65536] __aligned(65536);
	size_t i;

	child_fork(other);
	hole.addr = map_memory(hole.size, PROT_READ | PROT_WRITE);
	self->fd = monitor_open(hole.addr, hole.size, MONITOR_OF_HOLES);
	need(self->fd >= 0, SKIP_NO_UFFD_WP);
	monitor_protect(self->fd, hole.addr, 2 * size, true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a read by the CPU", cpu_read(&hole, 0, 1, copy), size);
	expect_result("a read by another process", other_vm_read(other, &hole, 1, 1, copy), size);
	expect_result("a read of the hole behind them", cpu_read(&hole, 2, 1, copy), size);
	for (i = 0; i < PAGES; i++) {
		expect_uffd_wp("the page", page_of(&hole, i), i < 2);
		expect_result("a write to the page", cpu_write(&hole, i, 1, BY_OTHER),
			      i < 2 ? KILLED_BY(SIGBUS) : (long)size);
	}
	unmap_memory(hole.addr, hole.size);
	child_leave(other);
}

SCENARIO(monitor, child_is_free,
	 "the pages of a child are not protected, and a write by it makes a copy")
{
	struct story *s = &self->story;

	protect_all(self);
	child_fork(&s->child);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the child's page", page_at(s->child.pid, s->buffer.addr), false);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_uffd_wp("the parent's page", page_of(&s->buffer, 0), true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("the parent's write", cpu_write(&s->buffer, 0, 1, BY_OTHER),
		      KILLED_BY(SIGBUS));
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
}

/*
 * Map two pages of a memfd with MAP_SHARED or MAP_PRIVATE. Write the first one,
 * and register and protect both.
 */
static void map_file(FIXTURE_DATA(monitor) (*self), int flags)
{
	struct buffer *b = &self->shared;

	b->pages = 2;
	b->size = 2 * features.page_size;
	b->serial = self->story.buffer.serial;
	self->file = memfd_create("monitor", MFD_CLOEXEC);
	if (self->file < 0 || ftruncate(self->file, b->size))
		syscall_failed("memfd_create", errno);
	b->addr = mmap(NULL, b->size, PROT_READ | PROT_WRITE, flags, self->file, 0);
	if (b->addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	buffer_write(b, 0, 1, BY_OWNER);
	self->fd = monitor_open(b->addr, b->size, MONITOR_OF_SHARED_MEMORY);
	need(self->fd >= 0, SKIP_NO_UFFD_WP);
	monitor_protect(self->fd, b->addr, b->size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	must(page_of(b, 0).uffd_wp && page_of(b, 1).uffd_wp,
	     "UFFDIO_WRITEPROTECT does not protect shared memory");
}

SCENARIO(monitor, shared_after_mprotect,
	 "protected shared memory stays protected when mprotect() makes it read-only and writable "
	 "again")
{
	struct buffer *b = &self->shared;

	map_file(self, MAP_SHARED);
	protect_memory(b->addr, b->size, PROT_READ);
	protect_memory(b->addr, b->size, PROT_READ | PROT_WRITE);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("the page", page_of(b, 0), true);
	expect_result("a write", cpu_write(b, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	expect_bytes(b->addr, b->serial, 0, BY_OWNER, "bytes of the page");
	expect_uffd_wp("a page that was never written", page_of(b, 1), true);
	expect_result("a write to it", cpu_write(b, 1, 1, BY_OTHER), KILLED_BY(SIGBUS));
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(&self->story, 0);
}

/*
 * fork() copies the page table of a private mapping only: that of a shared one
 * can be filled by faults.
 */
static void expect_child_is_free(FIXTURE_DATA(monitor) (*self), int flags)
{
	struct story *s = &self->story;
	struct buffer *b = &self->shared;

	map_file(self, flags);
	child_fork(&s->child);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the child's page", page_at(s->child.pid, b->addr), false);
	expect_uffd_wp("the child's page that was never written",
		       page_at(s->child.pid, buffer_page(b, 1)), false);
	expect_result("the child's write", child_write(&s->child, b, 1, 1, BY_CHILD),
		      features.page_size);
	expect_uffd_wp("the parent's page that was never written", page_of(b, 1), true);
}

SCENARIO(monitor, child_of_shared,
	 "in a child, shared memory is not protected, neither pages that exist nor those that do "
	 "not")
{
	expect_child_is_free(self, MAP_SHARED);
}

SCENARIO(monitor, child_of_private_file,
	 "in a child, a private mapping of a file is not protected, neither pages that exist nor "
	 "those that do not")
{
	expect_child_is_free(self, MAP_PRIVATE);
}

SCENARIO(monitor, huge_zero_page,
	 "if a protected huge zero page is split, each of its small pages stays protected")
{
	const long failed = read_counter("/proc/vmstat", "thp_zero_page_alloc_failed"),
		   size = read_number(THP "hpage_pmd_size");
	unsigned char *map, *addr;
	struct buffer empty = { .serial = 1 };
	bool is_huge;
	size_t i;

	need(size > 0, SKIP_NO_THP);
	need(read_number(THP "use_zero_page") == 1, SKIP_NO_HUGE_ZERO_PAGE);
	map = map_memory(2 * size, PROT_READ | PROT_WRITE);
	addr = (unsigned char *)(((uintptr_t)map + size - 1) & ~((uintptr_t)size - 1));
	empty.addr = addr;
	empty.pages = size / features.page_size;
	empty.size = size;
	advise_memory(addr, size, MADV_HUGEPAGE);
	expect_result("a read", cpu_read(&empty, 0, 1, NULL), features.page_size);
	is_huge = device_snapshot(&self->story.device, addr).huge;
	if (!is_huge && read_counter("/proc/vmstat", "thp_zero_page_alloc_failed") > failed)
		huge_memory_refused("the huge zero page");
	set_rule(RULE_HOLE_IS_FILLED);
	must(is_huge,
	     "a read of an empty range with MADV_HUGEPAGE does not map the huge zero page");
	self->fd = monitor_open(addr, size, 0);
	monitor_protect(self->fd, addr, size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	must(page_of(&empty, 1).uffd_wp, "UFFDIO_WRITEPROTECT does not protect the zero page");
	protect_memory(addr, features.page_size, PROT_READ);
	set_rule(RULE_UFFD_STOPS_WRITES);
	for (i = 0; i < empty.pages; i++)
		if (!page_of(&empty, i).uffd_wp)
			break;
	expect(i == empty.pages, "page %zu of %zu has lost its protection", i, empty.pages);
	expect_result("a write", cpu_write(&empty, 1, 1, BY_OTHER), KILLED_BY(SIGBUS));
	unmap_memory(map, 2 * size);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(&self->story, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_monitor", argc, argv);
}
