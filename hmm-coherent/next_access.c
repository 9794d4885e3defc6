// SPDX-License-Identifier: GPL-2.0
/*
 * The next access after a page table entry was changed or cleared
 *
 * A processor uses a translation in its TLB until the kernel flushes it. So
 * each test uses a translation, lets the kernel change the entry, and checks
 * the next access of the same thread, which must use the new entry. The bytes
 * of the new frame are read by GUP for another process, whose TLB does not have
 * the translation.
 *
 * Here the pages are on the device at first. Memory is the control group.
 */
#include "suite/harness.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "reach/swap.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 2

/*
 * Check the bytes of the frame that the page table maps, by process_vm_readv()
 * of another process, which walks the page table.
 */
static void expect_mapped_bytes(struct story *s, size_t page, enum writer writer)
{
	static unsigned char copy[65536] __aligned(65536);

	expect_result("process_vm_readv() by another process",
		      other_vm_read(&s->second_child, &s->buffer, page, 1, copy),
		      features.page_size);
	expect_bytes(copy, s->buffer.serial, page, writer,
		     "bytes of the mapped frame after the store");
}

FIXTURE(next_access)
{
	struct story story;
	int uffd;
};

FIXTURE_VARIANT(next_access)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(next_access, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(next_access, system) { .place = PLACE_SYSTEM };

WHY_NOT(next_access)
{
	if (!strcmp(test, "load_after_monitor_move") && !kernel_has(CHANGE_UFFD_MOVE))
		return "this kernel has no UFFDIO_MOVE (6.8)";
	return NULL;
}

FIXTURE_SETUP(next_access)
{
	self->uffd = -1;
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(next_access)
{
	if (self->uffd >= 0)
		close(self->uffd);
	story_end(&self->story);
}

/*
 * Fork another process which does not map the pages: otherwise they would be
 * shared.
 */
static void add_stranger(struct story *s)
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_DONTFORK", madvise(s->buffer.addr, s->buffer.size, MADV_DONTFORK), 0);
	child_fork(&s->second_child);
	expect_result("MADV_DOFORK", madvise(s->buffer.addr, s->buffer.size, MADV_DOFORK), 0);
}

static void store_and_look(struct story *s)
{
	set_rule(RULE_NEXT_ACCESS_SEES);
	story_write(s, 0);
	expect_mapped_bytes(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(next_access, store_after_migration_back,
	 "a store after migration back goes to the page in memory")
{
	struct story *s = &self->story;

	add_stranger(s);
	cpu_use_translations(&s->buffer);
	story_migrate_back(s);
	store_and_look(s);
}

SCENARIO(next_access, store_after_longterm_pin,
	 "a store after a long-term pin has moved the page goes to the page in memory")
{
	struct story *s = &self->story;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	add_stranger(s);
	cpu_use_translations(&s->buffer);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("the pin",
		      pin_pages((struct pin_kind){ .pin = true, .longterm = true }, s->buffer.addr,
				1),
		      features.page_size);
	store_and_look(s);
}

/* The bytes that write_by_gup() writes. */
static unsigned char gup_bytes[65536] __aligned(65536);

/*
 * Use GUP in this process: a switch to another process, or a page fault between
 * the last load and GUP, would flush translations and hide a missing flush. So
 * the bytes are prepared before.
 */
static long write_by_gup(struct story *s)
{
	struct iovec from = { gup_bytes, features.page_size };
	struct iovec to = { s->buffer.addr, features.page_size };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

SCENARIO(next_access, load_after_gup_copied,
	 "a load after GUP has copied a shared page reads the copy")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	write_page(gup_bytes, s->buffer.serial, 0, BY_OTHER);
	expect_owner_sees(s, 0, BY_OWNER);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("process_vm_writev() to itself", write_by_gup(s), features.page_size);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_owner_sees(s, 0, BY_OTHER);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(next_access, store_after_fork, "a store after fork() is not seen by the child")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	child_fork(&s->child);
	set_rule(RULE_NEXT_ACCESS_SEES);
	story_write(s, 0);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(next_access, store_after_mprotect,
	 "a store after mprotect(PROT_READ) gets SIGSEGV and changes nothing")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	story_protect(s, 0, PAGES, PROT_READ);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_result("a store", cpu_write(&s->buffer, 0, 1, BY_OWNER_AGAIN), KILLED_BY(SIGSEGV));
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(next_access, load_after_prot_none, "a load after mprotect(PROT_NONE) gets SIGSEGV")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	story_protect(s, 0, PAGES, PROT_NONE);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_result("a load", cpu_read(&s->buffer, 0, 1, NULL), KILLED_BY(SIGSEGV));
}

SCENARIO(next_access, load_after_zap,
	 "a load after MADV_DONTNEED reads zeros, and the next page is unchanged")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_DONTNEED", madvise(s->buffer.addr, features.page_size, MADV_DONTNEED),
		      0);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_zeros(s->buffer.addr, "the page after MADV_DONTNEED");
	expect_owner_sees(s, 1, BY_OWNER);
}

SCENARIO(next_access, load_after_munmap, "a load after munmap() gets SIGSEGV")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("munmap", munmap(buffer_page(&s->buffer, 1), features.page_size), 0);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_result("a load", cpu_read(&s->buffer, 1, 1, NULL), KILLED_BY(SIGSEGV));
	s->buffer.pages = 1;
}

SCENARIO(next_access, load_after_mremap,
	 "a load from the old address of a page that mremap() moved gets SIGSEGV")
{
	struct story *s = &self->story;
	void *there = map_memory(features.page_size, PROT_NONE);

	cpu_use_translations(&s->buffer);
	move_memory(buffer_page(&s->buffer, 1), features.page_size, there);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_result("a load", cpu_read(&s->buffer, 1, 1, NULL), KILLED_BY(SIGSEGV));
	expect_bytes(there, s->buffer.serial, 1, BY_OWNER, "bytes at its new address");
	unmap_memory(there, features.page_size);
	s->buffer.pages = 1;
}

SCENARIO(next_access, store_after_uffd_wp,
	 "a store after UFFDIO_WRITEPROTECT gets SIGBUS")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->uffd = monitor_open(s->buffer.addr, s->buffer.size, 0);
	cpu_use_translations(&s->buffer);
	monitor_protect(self->uffd, s->buffer.addr, s->buffer.size, true);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_result("a store", cpu_write(&s->buffer, 0, 1, BY_OWNER_AGAIN), KILLED_BY(SIGBUS));
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(next_access, store_after_clear_refs,
	 "a store after the soft-dirty bits were cleared sets the bit again")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	cpu_use_translations(&s->buffer);
	clear_soft_dirty();
	set_rule(RULE_NEXT_ACCESS_SEES);
	story_write(s, 0);
	expect(page_at(0, s->buffer.addr).soft_dirty, "the page is not soft-dirty after the store");
	expect(!story_page(s, 1).soft_dirty,
	       "the next page, which was not written, is soft-dirty");
}

/*
 * The page stays where it is, so that a stale translation shows the right
 * bytes. But an access that does not fault does not end the exclusive access.
 */
SCENARIO(next_access, load_after_exclusive,
	 "a load of a page that a device has exclusively maps it again")
{
	struct story *s = &self->story;

	cpu_use_translations(&s->buffer);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_stays(s, 0);
}

SCENARIO(next_access, load_after_swap_out,
	 "a load of a page of memory that was swapped out maps it again; on the device it stays")
{
	struct story *s = &self->story;

	swap_on();
	drain_lru_batches();
	cpu_use_translations(&s->buffer);
	advise_memory(s->buffer.addr, features.page_size, MADV_PAGEOUT);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(story_on_device(s) || page_at(0, s->buffer.addr).at == PLACE_SWAPPED,
	     "MADV_PAGEOUT leaves the page in memory");
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_at(s, 0, s->place);
}

SCENARIO(next_access, load_after_monitor_move,
	 "a load from the old address of a page that UFFDIO_MOVE moved reads zeros")
{
	struct story *s = &self->story;
	unsigned char *there = map_memory(features.page_size, PROT_READ | PROT_WRITE);

	self->uffd = monitor_open(there, features.page_size, UFFD_FEATURE_MOVE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(self->uffd >= 0, "UFFDIO_API refuses UFFD_FEATURE_MOVE");
	cpu_use_translations(&s->buffer);
	expect_result("UFFDIO_MOVE",
		      monitor_move(self->uffd, there, s->buffer.addr, features.page_size), 0);
	set_rule(RULE_NEXT_ACCESS_SEES);
	expect_zeros(s->buffer.addr, "the page after UFFDIO_MOVE");
	expect_bytes(there, s->buffer.serial, 0, BY_OWNER, "bytes at its new address");
}

/*
 * Where both addresses begin at a page table, and the range fills it, mremap()
 * moves the table and not its entries.
 */
SCENARIO(next_access, load_after_table_moved,
	 "a load from the old address of a range gets SIGSEGV whose page table mremap() moved")
{
	struct story *s = &self->story;
	const size_t size = features.page_size / sizeof(uint64_t) * features.page_size;
	unsigned char *room = map_memory(5 * size, PROT_NONE);
	struct buffer from = { .pages = PAGES, .size = PAGES * features.page_size,
			       .serial = s->buffer.serial };
	unsigned char *to;
	size_t i;

	from.addr = room + (size - (uintptr_t)room % size) % size;
	to = from.addr + 2 * size;
	protect_memory(from.addr, size, PROT_READ | PROT_WRITE);
	buffer_write(&from, 0, PAGES, BY_OWNER);
	if (story_on_device(s))
		device_move_to(&s->device, from.addr, PAGES);
	cpu_use_translations(&from);
	move_memory(from.addr, size, to);
	set_rule(RULE_NEXT_ACCESS_SEES);
	for (i = 0; i < PAGES; i++) {
		expect_result("a load", cpu_read(&from, i, 1, NULL), KILLED_BY(SIGSEGV));
		expect_bytes(to + i * features.page_size, from.serial, i, BY_OWNER,
			     "bytes at the new address");
	}
	unmap_memory(room, 5 * size);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_next_access", argc, argv);
}
