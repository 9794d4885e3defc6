// SPDX-License-Identifier: GPL-2.0
/*
 * hugetlb memory with userfaultfd's write protection, soft-dirty tracking and
 * reservations
 *
 * hugetlb has page table entries, faults and accounting of its own. What the
 * rest of the kernel does for small pages has to be done a second time there, or
 * must be left out.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/child.h"
#include "reach/monitor.h"
#include "reach/ring.h"
#include "see/pin.h"

#include "hugetlb.h"

#define MAPPED 2	/* number of huge pages of the mapping */
#define FREE 2		/* number of free huge pages, for copies and for a child */

FIXTURE(hugetlb_watched)
{
	struct buffer range;	/* the first small page of each huge page is looked at */
	size_t size;		/* of a huge page, in bytes */
	unsigned char *room;	/* around the range, without access */
	size_t room_size;
	int file, monitor;	/* -1: none */
	struct child child;
};

FIXTURE_VARIANT(hugetlb_watched)
{
	int flags;
};

FIXTURE_VARIANT_ADD(hugetlb_watched, shared) { .flags = MAP_SHARED };
FIXTURE_VARIANT_ADD(hugetlb_watched, private) { .flags = MAP_PRIVATE };

WHY_NOT(hugetlb_watched)
{
	const bool shared = variant->flags == MAP_SHARED;

	if (shared && (!strcmp(test, "over_a_page_of_the_file") || !strcmp(test, "unshared") ||
		       !strcmp(test, "pinned_and_forked")))
		return "a shared mapping has no pages of its own";
	/* vma_wants_writenotify() */
	if (!shared && !strcmp(test, "after_clear_refs"))
		return "a write to a private mapping is not tracked by a fault of its own";
	/*
	 * try_grab_folio() refuses a page in ZONE_MOVABLE, follow_hugetlb_page() warns, and the
	 * call fails with ENOMEM. Where the page is depends on the tests before this one.
	 */
	if (!strcmp(test, "pinned_and_forked") && !kernel_has(CHANGE_MOVABLE_HUGETLB_IS_PINNED))
		return "this kernel does not pin movable pages of hugetlb for long (6.10)";
	if (!strcmp(test, "reserved")) {
		if (shared)
			return "the pages of a shared mapping stay in the file";
		if (!kernel_has(CHANGE_RESERVATION_RETURNS))
			return "this kernel does not return the reservation (6.9)";
	}
	return NULL;
}

/*
 * An address where a page table begins that maps nothing else, so that there is
 * no page table yet. The room around it stays reserved.
 */
static unsigned char *alone(FIXTURE_DATA(hugetlb_watched) (*self))
{
	const size_t span = features.page_size / sizeof(uint64_t) * self->size;

	self->room = mmap(NULL, 2 * span, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (self->room == MAP_FAILED)
		syscall_failed("mmap", errno);
	self->room_size = 2 * span;
	return self->room + (span - (uintptr_t)self->room % span) % span;
}

FIXTURE_SETUP(hugetlb_watched)
{
	struct buffer *range = &self->range;

	self->monitor = -1;
	self->size = hugetlb_size();
	hugetlb_reserve(MAPPED + FREE);
	self->file = memfd_create("hugetlb-watched", MFD_HUGETLB | MFD_CLOEXEC);
	*range = (struct buffer){ .size = MAPPED * self->size, .serial = 1 };
	range->pages = range->size / features.page_size;
	if (self->file < 0 || ftruncate(self->file, range->size))
		syscall_failed("a file of hugetlb", errno);
	range->addr = mmap(alone(self), range->size, PROT_READ | PROT_WRITE,
			   variant->flags | MAP_FIXED, self->file, 0);
	if (range->addr == MAP_FAILED)
		syscall_failed("mmap of a file of hugetlb", errno);
}

FIXTURE_TEARDOWN(hugetlb_watched)
{
	child_leave(&self->child);
	if (self->monitor >= 0)
		close(self->monitor);
	unmap_memory(self->room, self->room_size);
	close(self->file);
}

/* The number of the small page that begins huge page @huge. */
static size_t first_of(FIXTURE_DATA(hugetlb_watched) (*self), size_t huge)
{
	return huge * self->size / features.page_size;
}

/* The first huge page of the file, in a shared mapping of its own. */
static unsigned char *map_file(FIXTURE_DATA(hugetlb_watched) (*self))
{
	unsigned char *shared = mmap(NULL, self->size, PROT_READ | PROT_WRITE, MAP_SHARED,
				     self->file, 0);

	if (shared == MAP_FAILED)
		syscall_failed("mmap of a file of hugetlb", errno);
	return shared;
}

static void protect(FIXTURE_DATA(hugetlb_watched) (*self), bool on)
{
	if (self->monitor < 0) {
		need(features.uffd_wp, SKIP_NO_UFFD_WP);
		self->monitor = monitor_open(self->range.addr, self->range.size,
					     MONITOR_OF_SHARED_MEMORY);
		need(self->monitor >= 0, SKIP_NO_UFFD_WP);
	}
	monitor_protect(self->monitor, self->range.addr, self->size, on);
}

static void expect_write(FIXTURE_DATA(hugetlb_watched) (*self), size_t huge, long result)
{
	expect_result(huge ? "a write to the next huge page" : "a write",
		      cpu_write(&self->range, first_of(self, huge), 1, BY_OTHER), result);
}

/* The first huge page is protected, and its neighbour is not. */
static void expect_protected(FIXTURE_DATA(hugetlb_watched) (*self))
{
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_write(self, 0, KILLED_BY(SIGBUS));
	expect_write(self, 1, features.page_size);
	protect(self, false);
	expect_write(self, 0, features.page_size);
}

static void expect_resident(FIXTURE_DATA(hugetlb_watched) (*self), bool resident)
{
	unsigned char vector[1];

	if (mincore(self->range.addr, features.page_size, vector))
		syscall_failed("mincore", errno);
	set_rule(RULE_REPORTED_BY_STATE);
	expect_result("residence by mincore", vector[0] & 1, resident);
}

SCENARIO(hugetlb_watched, hole,
	 "a hole without a page table is protected: a write is stopped, and mincore() still sees a "
	 "hole")
{
	protect(self, true);
	expect_resident(self, false);
	expect_protected(self);
	expect_resident(self, true);
}

/* hugetlb_change_protection(): a marker is no page. */
SCENARIO(hugetlb_watched, hole_changed,
	 "a protected hole stays protected when mprotect() makes it read-only and writable again")
{
	protect(self, true);
	protect_memory(self->range.addr, self->size, PROT_READ);
	protect_memory(self->range.addr, self->size, PROT_READ | PROT_WRITE);
	expect_resident(self, false);
	expect_protected(self);
}

SCENARIO(hugetlb_watched, page,
	 "a page that was written is protected until the protection is removed, and keeps its "
	 "bytes")
{
	buffer_write(&self->range, 0, 1, BY_OWNER);
	protect(self, true);
	expect_resident(self, true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_write(self, 0, KILLED_BY(SIGBUS));
	expect_bytes(self->range.addr, self->range.serial, 0, BY_OWNER,
		     "bytes of the protected page");
	expect_protected(self);
}

SCENARIO(hugetlb_watched, over_a_page_of_the_file,
	 "a hole of a private mapping over a page of the file is protected, and a write is not "
	 "done in a copy")
{
	unsigned char *shared = map_file(self);

	write_page(shared, self->range.serial, 0, BY_OWNER);
	protect(self, true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_write(self, 0, KILLED_BY(SIGBUS));
	/* It still maps the page of the file, and no copy of it. */
	write_page(shared, self->range.serial, 0, BY_MEDIUM);
	expect_bytes(self->range.addr, self->range.serial, 0, BY_MEDIUM,
		     "bytes after the write that was stopped and one to the file");
	expect_protected(self);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_bytes(shared, self->range.serial, 0, BY_MEDIUM, "bytes of the file");
	unmap_memory(shared, self->size);
}

SCENARIO(hugetlb_watched, moved,
	 "a protected page that mremap() moves to a mapping that is not watched is not protected "
	 "there, and can be written")
{
	struct buffer moved = self->range;

	buffer_write(&self->range, 0, 1, BY_OWNER);
	protect(self, true);
	moved.addr += self->range.size;
	/* All of it: docs/findings.md, hugetlb-part-moves. */
	move_memory(self->range.addr, self->range.size, moved.addr);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the moved page", page_at(0, moved.addr), false);
	expect_bytes(moved.addr, moved.serial, 0, BY_OWNER, "bytes of the moved page");
	/* A write to a page that is protected and not watched may fault for ever. */
	if (report->failures)
		give_up();
	expect_result("a write to it", cpu_write(&moved, 0, 1, BY_OTHER), features.page_size);
}

static long own_hugetlb(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return read_counter("/proc/self/status", "HugetlbPages") * 1024;
}

SCENARIO(hugetlb_watched, forked,
	 "parent and child can write a protected page's neighbour; the parent's protection stays")
{
	buffer_write(&self->range, 0, 1, BY_OWNER);
	buffer_write(&self->range, first_of(self, 1), 1, BY_OWNER);
	protect(self, true);
	child_fork(&self->child);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("a write of the child",
		      child_write(&self->child, &self->range, first_of(self, 1), 1, BY_CHILD),
		      features.page_size);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the child's page", page_at(self->child.pid, self->range.addr), false);
	/* fork() leaves out what a fault brings back (vma_needs_copy()). */
	set_rule(RULE_COUNTED_AS_MEMORY);
	expect_result("HugetlbPages of the child",
		      child_call(&self->child, &self->range, own_hugetlb, 0),
		      variant->flags == MAP_SHARED ? self->size : self->range.size);
	expect_protected(self);
}

/* hugetlb_wp() */
SCENARIO(hugetlb_watched, unshared,
	 "the copy that a pin for reading makes of a protected page is protected")
{
	need(pin_available(), SKIP_NO_GUP_TEST);
	buffer_write(&self->range, 0, 1, BY_OWNER);
	buffer_write(&self->range, first_of(self, 1), 1, BY_OWNER);
	protect(self, true);
	child_fork(&self->child);
	set_rule(RULE_PIN_UNSHARES);
	expect_result("bytes pinned",
		      pin_pages((struct pin_kind){ .pin = true }, self->range.addr, 1),
		      features.page_size);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("the copy", page_at(0, self->range.addr), true);
	expect_protected(self);
}

/* copy_hugetlb_page_range() */
SCENARIO(hugetlb_watched, pinned_and_forked,
	 "a page that io_uring has pinned stays the parent's after fork(): what it writes then is "
	 "what io_uring sees")
{
	static unsigned char seen[65536] __aligned(8);
	struct ring ring;
	int ends[2];

	need(ring_available(), SKIP_NO_IO_URING);
	buffer_write(&self->range, 0, 1, BY_OWNER);
	ring_open(&ring);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		syscall_failed("pipe2", errno);
	fcntl(ends[1], F_SETPIPE_SZ, features.page_size);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("registration",
		      ring_register(&ring, self->range.addr, features.page_size), 0);
	child_fork(&self->child);
	expect_write(self, 0, features.page_size);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_result("WRITE_FIXED", ring_transfer(&ring, RING_WRITE_FIXED, ends[1],
						   self->range.addr, features.page_size),
		      features.page_size);
	expect_result("bytes in the pipe", errno_of(read(ends[0], seen, features.page_size)),
		      features.page_size);
	expect_bytes(seen, self->range.serial, 0, BY_OTHER, "bytes that io_uring sees");
	close(ends[0]);
	close(ends[1]);
	ring_close(&ring);
}

SCENARIO(hugetlb_watched, after_clear_refs,
	 "hugetlb memory, which has no soft-dirty tracking, can be written after clear_refs and "
	 "mprotect(), and stays shared")
{
	struct buffer *range = &self->range;
	unsigned char *shared;

	buffer_write(range, 0, 1, BY_OWNER);
	clear_soft_dirty();
	protect_memory(range->addr, range->size, PROT_READ);
	protect_memory(range->addr, range->size, PROT_READ | PROT_WRITE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_write(self, 0, features.page_size);
	/* A kernel that maps it read-only for tracking may have made a private copy. */
	shared = map_file(self);
	expect_bytes(shared, range->serial, 0, BY_OTHER, "bytes of the file");
	unmap_memory(shared, self->size);
}

SCENARIO(hugetlb_watched, reserved,
	 "MADV_DONTNEED returns a page to the mapping's reservation, so that no other mapping can "
	 "take it")
{
	const char *meminfo = "/proc/meminfo";
	const long free = read_counter(meminfo, "HugePages_Free"),
		   reserved = read_counter(meminfo, "HugePages_Rsvd");

	buffer_write(&self->range, 0, 1, BY_OWNER);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_result("HugePages_Free with the page", read_counter(meminfo, "HugePages_Free"),
		      free - 1);
	expect_result("HugePages_Rsvd with the page", read_counter(meminfo, "HugePages_Rsvd"),
		      reserved - 1);
	advise_memory(self->range.addr, self->size, MADV_DONTNEED);
	expect_result("HugePages_Free afterwards", read_counter(meminfo, "HugePages_Free"), free);
	expect_result("HugePages_Rsvd afterwards", read_counter(meminfo, "HugePages_Rsvd"),
		      reserved);
	expect_write(self, 0, features.page_size);
}

/* move_hugetlb_page_tables() passes over a page table that does not exist. */
SCENARIO(hugetlb_watched, moved_across_tables,
	 "mremap() moves a page behind a page table without pages by as much as the rest; it moves "
	 "nothing from inside of a huge page")
{
	const size_t span = self->room_size / 2, size = self->size;
	unsigned char *table = self->range.addr, *to = table + 16 * size,
		      *border = (size_t)(table - self->room) >= size ? table : table + span,
		      *from = border - size;

	unmap_memory(table, self->range.size);
	if (mmap(from, 2 * size, PROT_READ | PROT_WRITE, variant->flags | MAP_FIXED, self->file,
		 0) != from)
		syscall_failed("mmap", errno);
	write_page(border, self->range.serial, 1, BY_OWNER);
	set_rule(RULE_REMAPPED);
	expect_result("mremap() from inside of a huge page",
		      mremap(from + features.page_size, size, size, MREMAP_MAYMOVE) == MAP_FAILED ?
			      -errno : 0, -EINVAL);
	set_rule(RULE_MOVES_WITH_ADDRESS);
	move_memory(from, 2 * size, to);
	expect_bytes(to + size, self->range.serial, 1, BY_OWNER, "the page that moved");
	expect_zeros(to, "the page in front of it");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_hugetlb_watched", argc, argv);
}
