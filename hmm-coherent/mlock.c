// SPDX-License-Identifier: GPL-2.0
/*
 * mlock() of pages on a coherent device, and stale page flags of the device's
 * page frames
 *
 * A device page cannot be swapped out, so mlock() need not do anything with it.
 * But it replaces memory that may be locked, and is migrated back to memory.
 * Flags and counts of locked memory must not stay set on the page frame of the
 * device, which gets another user later.
 */
#include "suite/harness.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/next_frames.h"
#include "see/counters.h"
#include "see/dump.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(mlock)
{
	struct story story;
};

FIXTURE_VARIANT(mlock)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(mlock, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(mlock, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };

FIXTURE_SETUP(mlock)
{
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

/*
 * Stale flags of the device's page frames would affect later tests. Release the
 * memory of the device, so that the driver sets it up without them.
 */
FIXTURE_TEARDOWN(mlock)
{
	struct story *s = &self->story;

	unmap_memory(s->buffer.addr, s->buffer.size);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("HMM_DMIRROR_RELEASE",
		      device_command(&s->device, HMM_DMIRROR_RELEASE, s->buffer.addr, 1), 0);
	story_end(s);
}

/*
 * Locked pages of the whole machine, after draining the batches and folding the
 * counters of all processors.
 */
static long locked_pages(void)
{
	long kilobytes;
	int error;

	drain_lru_batches();
	error = write_text("/proc/sys/vm/stat_refresh", "1");
	if (error)
		syscall_failed("/proc/sys/vm/stat_refresh", -error);
	kilobytes = read_counter("/proc/meminfo", "Mlocked");
	if (kilobytes < 0)
		not_prepared("/proc/meminfo has no Mlocked");
	return kilobytes * 1024 / (long)features.page_size;
}

static void lock(struct story *s)
{
	if (mlock(s->buffer.addr, s->buffer.size))
		syscall_failed("mlock", errno);
}

static void unlock(struct story *s)
{
	if (munlock(s->buffer.addr, s->buffer.size))
		syscall_failed("munlock", errno);
}

static void expect_kept(struct story *s, enum place place)
{
	size_t i;

	for (i = 0; i < PAGES; i++) {
		expect_at(s, i, place);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

/* folio_add_lru_vma() (6.1: lru_cache_add_inactive_or_unevictable()) */
SCENARIO(mlock, filled,
	 "the pages with which mlock() fills holes are counted as locked, until munlock()")
{
	const size_t size = PAGES * features.page_size;
	unsigned char *holes = map_memory(size, PROT_READ | PROT_WRITE);
	const long before = locked_pages();

	if (mlock(holes, size))
		syscall_failed("mlock", errno);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("pages that are locked", locked_pages() - before, PAGES);
	if (munlock(holes, size))
		syscall_failed("munlock", errno);
	expect_result("pages that are locked after munlock()", locked_pages() - before, 0);
	unmap_memory(holes, size);
}

SCENARIO(mlock, locked_memory_migrates,
	 "locked memory that is migrated to the device and back is locked again")
{
	struct story *s = &self->story;
	long before;

	need(in_guest(), SKIP_NOT_ALONE);
	story_migrate_back(s);
	before = locked_pages();
	lock(s);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("locked pages", locked_pages() - before, PAGES);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_kept(s, PLACE_COHERENT);
	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_kept(s, PLACE_SYSTEM);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("locked pages", locked_pages() - before, PAGES);
	unlock(s);
	expect_result("locked pages after munlock", locked_pages() - before, 0);
}

SCENARIO(mlock, locked_on_device,
	 "mlock() and munlock() do not change pages on the device and do not count them")
{
	struct story *s = &self->story;
	long before;
	size_t i;

	need(in_guest(), SKIP_NOT_ALONE);
	before = locked_pages();
	lock(s);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("locked pages", locked_pages() - before, 0);
	expect_kept(s, PLACE_COHERENT);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
	unlock(s);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("locked pages after munlock", locked_pages() - before, 0);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
}

SCENARIO(mlock, unlocked_on_device,
	 "locked memory that is migrated to the device and unlocked there does not count as locked "
	 "any more")
{
	struct story *s = &self->story;
	long before;

	need(in_guest(), SKIP_NOT_ALONE);
	story_migrate_back(s);
	before = locked_pages();
	lock(s);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_kept(s, PLACE_COHERENT);
	unlock(s);
	expect_kept(s, PLACE_COHERENT);
	unmap_memory(buffer_page(&s->buffer, 1), 2 * features.page_size);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("locked pages after munlock and munmap", locked_pages() - before, 0);
}

/*
 * Returns a flag in the kernel's dump that must not be set for a new user of
 * the frame, or NULL.
 */
static const char *stale_flag(struct page_dump *dump)
{
	static const char *const flags[] = { "active", "unevictable", "mlocked" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (strstr(dump->flags, flags[i]))
			return flags[i];
	return NULL;
}

SCENARIO(mlock, fresh_frame,
	 "a page frame that the device hands out again has no flags of its former page")
{
	struct story *s = &self->story;
	const struct pin_kind get = { .pin = false };
	unsigned long frame;
	struct page_dump dump;
	struct buffer next;
	const char *stale;
	int i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	/* Memory becomes active by repeated access, and migration transfers the flag. */
	story_migrate_back(s);
	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < 20; i++)
		must(pin_pages(get, s->buffer.addr, 1) == (long)features.page_size,
		     "GUP does not get a page of memory");
	locked_pages();
	dump = page_dump_checked(s->buffer.addr);
	if (!dump.valid)
		give_up();
	/*
	 * mark_page_accessed(): the second access activates a page that is on
	 * an LRU list, as a page that was migrated back must be.
	 */
	set_rule(RULE_BACK);
	must(strstr(dump.flags, "active"),
	     "a page that was migrated back and accessed repeatedly is not active: %s",
	     dump.flags);
	device_move_to(&s->device, s->buffer.addr, 1);
	frame = page_at(0, s->buffer.addr).pfn;
	set_rule(RULE_ENTRY);
	must(device_of_pfn(frame) == PLACE_COHERENT, "the active page is %s, not on the device",
	     place_name(page_at(0, s->buffer.addr).at));
	unmap_memory(s->buffer.addr, features.page_size);

	next_frames_take(&next, 1, &s->device, PLACE_COHERENT);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(next_frames_count(&next, frame), "the next page does not have frame 0x%lx", frame);
	dump = page_dump_checked(next.addr);
	stale = stale_flag(&dump);
	set_rule(RULE_FRESH_FRAME);
	expect_same(!stale, "stale page flag", "none", stale ? stale : "none");
	next_frames_return(&next);
}

/* What a child finds after mlockall() with some flags, as bits. */
enum {
	ALL_HELD = 1,		/* memory that was locked before is locked */
	ALL_OTHER = 2,		/* memory that was not, and was never touched */
	ALL_NEW = 4,		/* memory that is mapped afterwards */
	ALL_OTHER_IN = 8,	/* the pages of these are in memory */
	ALL_NEW_IN = 16,
	ALL_UNDONE = 32,	/* munlockall() has unlocked all of it */
};

static void *map_page(void)
{
	void *addr = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

static bool is_locked(const void *addr)
{
	char flags[256];

	return smaps_text(addr, "VmFlags", flags, sizeof(flags)) && strstr(flags, " lo");
}

static bool is_resident(void *addr)
{
	unsigned char vector = 0;

	return !mincore(addr, features.page_size, &vector) && vector & 1;
}

/* In the child: the bits, and the errno of mlockall() in the byte above them. */
static long lock_all(const struct buffer *buffer, long flags)
{
	void *held = map_page(), *other = map_page(), *new;
	long seen = 0;

	(void)buffer;
	if (!held || !other || mlock(held, features.page_size))
		return -errno;
	if (mlockall(flags))
		seen = (long)errno << 8;
	new = map_page();
	if (!new)
		return -errno;
	seen |= (is_locked(held) ? ALL_HELD : 0) | (is_locked(other) ? ALL_OTHER : 0) |
		(is_locked(new) ? ALL_NEW : 0) | (is_resident(other) ? ALL_OTHER_IN : 0) |
		(is_resident(new) ? ALL_NEW_IN : 0);
	if (!munlockall() && !is_locked(held) && !is_locked(other) && !is_locked(new))
		seen |= ALL_UNDONE;
	if (munmap(held, features.page_size) || munmap(other, features.page_size) ||
	    munmap(new, features.page_size))
		return -errno;
	return seen;
}

SCENARIO(mlock, everything,
	 "mlockall() locks what is mapped, what will be mapped, or both, with its pages or at "
	 "their faults, as its flags say; MCL_ONFAULT alone and unknown flags are EINVAL")
{
	const long refused = EINVAL << 8 | ALL_HELD | ALL_UNDONE, kept = ALL_HELD | ALL_UNDONE;
	const struct {
		const char *what;
		int flags;
		long seen;
	} rows[] = {
		{ "no flag", 0, refused },
		{ "MCL_ONFAULT alone", MCL_ONFAULT, refused },
		{ "an unknown flag", MCL_CURRENT | 64, refused },
		{ "MCL_CURRENT", MCL_CURRENT, kept | ALL_OTHER | ALL_OTHER_IN },
		{ "MCL_FUTURE", MCL_FUTURE, kept | ALL_NEW | ALL_NEW_IN },
		{ "MCL_CURRENT and MCL_FUTURE", MCL_CURRENT | MCL_FUTURE,
		  kept | ALL_OTHER | ALL_OTHER_IN | ALL_NEW | ALL_NEW_IN },
		{ "MCL_CURRENT at faults", MCL_CURRENT | MCL_ONFAULT, kept | ALL_OTHER },
		{ "MCL_FUTURE at faults", MCL_FUTURE | MCL_ONFAULT, kept | ALL_NEW },
	};
	struct story *s = &self->story;
	char expected[32], seen[32];
	size_t i;

	child_fork(&s->child);
	set_rule(RULE_LOCKED_WITHIN_LIMIT);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const long got = child_call(&s->child, &s->buffer, lock_all, rows[i].flags);

		snprintf(expected, sizeof(expected), "0x%lx", rows[i].seen);
		snprintf(seen, sizeof(seen), "0x%lx", got);
		expect_same(got == rows[i].seen, rows[i].what, expected, seen);
	}
	child_leave(&s->child);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

static long lock_first(const struct buffer *buffer, long none)
{
	(void)none;
	return is_locked(buffer->addr) || read_counter("/proc/self/status", "VmLck");
}

/* dup_mmap(): mlock(2), "Memory locks are not inherited by a child". */
SCENARIO(mlock, forked, "the memory of a child of fork() is not locked, that of the parent stays")
{
	struct story *s = &self->story;

	lock(s);
	child_fork(&s->child);
	set_rule(RULE_LOCKED_AS_MEMORY);
	expect_result("the child's memory is locked",
		      child_call(&s->child, &s->buffer, lock_first, 0), 0);
	expect_result("the parent's memory is locked", is_locked(s->buffer.addr), true);
	unlock(s);
}

/* madvise_dontneed_free_valid_vma(), can_madv_lru_vma(), __mlock_posix_error_return() */
SCENARIO(mlock, refused,
	 "advice that takes pages away is EINVAL for locked memory, and mlock() of memory that it "
	 "cannot bring in ENOMEM")
{
	static const int advices[] = { MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT };
	unsigned char *closed = map_memory(features.page_size, PROT_NONE);
	struct story *s = &self->story;
	size_t i;

	lock(s);
	set_rule(RULE_LOCKED_AS_MEMORY);
	for (i = 0; i < ARRAY_SIZE(advices); i++)
		expect_result("advice about locked memory",
			      errno_of(madvise(s->buffer.addr, s->buffer.size, advices[i])),
			      -EINVAL);
	expect_result("mlock of memory without access", errno_of(mlock(closed, 1)), -ENOMEM);
	unmap_memory(closed, features.page_size);
	expect_result("mlock of no memory", errno_of(mlock(closed, 1)), -ENOMEM);
	unlock(s);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_mlock", argc, argv);
}
