// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_COLLAPSE of anonymous memory, by the state of its pages
 *
 * The errno tells the caller what to do: EAGAIN try again, EBUSY and ENOMEM
 * free something first, EINVAL give up. Whatever the result is, no page may
 * lose its bytes, and a range that is not collapsed keeps its pages.
 */
#include "suite/harness.h"

#include <errno.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <sys/mman.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/pin.h"
#include "story/huge.h"

/* The page of the range that is put into the state; the others are ordinary. */
#define ODD 7
/* EAGAIN says that another attempt may succeed: LRU batches of other processors. */
#define ATTEMPTS 20

FIXTURE(collapse_states)
{
	struct huge huge;
	int monitor, pin;	/* -1: none */
	struct cgroup group;
	bool is_empty;		/* the odd page has zeros */
};

/*
 * Set which memory may have huge pages. MADV_COLLAPSE does not look at that, but
 * khugepaged, which would collapse the range by itself, does.
 */
static void set_huge_pages(const char *text)
{
	int error = write_text(THP "enabled", text);

	if (error)
		syscall_failed(THP "enabled", -error);
}

static unsigned char *odd_page(FIXTURE_DATA(collapse_states) (*self))
{
	return page_in(self->huge.addr, ODD);
}

static void make_empty(FIXTURE_DATA(collapse_states) (*self))
{
	advise_memory(odd_page(self), features.page_size, MADV_DONTNEED);
	self->is_empty = true;
}

static void make_zero_page(FIXTURE_DATA(collapse_states) (*self))
{
	make_empty(self);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_zeros(odd_page(self), "memory that was never written");
}

static void make_referenced(FIXTURE_DATA(collapse_states) (*self))
{
	story_hold_at(&self->huge.story, odd_page(self));
}

static void let_go(FIXTURE_DATA(collapse_states) (*self))
{
	story_let_go(&self->huge.story);
}

static void make_pinned(FIXTURE_DATA(collapse_states) (*self))
{
	self->pin = pin_hold(false, true, odd_page(self), 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(self->pin >= 0, "a long-term pin fails with errno %d", -self->pin);
}

static void unpin(FIXTURE_DATA(collapse_states) (*self))
{
	pin_drop(self->pin);
	self->pin = -1;
}

static void make_coherent(FIXTURE_DATA(collapse_states) (*self))
{
	huge_move_to_device(&self->huge, ODD, 1);
	set_rule(RULE_ENTRY);
	must(page_at(0, odd_page(self)).at == PLACE_COHERENT, "the page is not on the device");
}

static void bring_back(FIXTURE_DATA(collapse_states) (*self))
{
	device_move_back(&self->huge.device, odd_page(self), 1);
}

static void make_private(FIXTURE_DATA(collapse_states) (*self))
{
	struct device private;

	device_open(&private, PLACE_PRIVATE, 1);
	device_move_to(&private, odd_page(self), 1);
	set_rule(RULE_ENTRY);
	must(page_at(0, odd_page(self)).at == PLACE_PRIVATE, "the page is not on the device");
	/* The descriptor stays open: closing it would bring the page back. */
}

static void make_device_exclusive(FIXTURE_DATA(collapse_states) (*self))
{
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&self->huge.device, HMM_DMIRROR_EXCLUSIVE, odd_page(self), 1),
		      0);
	must(page_at(0, odd_page(self)).at == PLACE_SWAPPED,
	     "the device has no exclusive access to the page");
}

static void make_protected(FIXTURE_DATA(collapse_states) (*self))
{
	struct huge *h = &self->huge;

	self->monitor = monitor_open(h->addr, h->size, 0);
	monitor_protect(self->monitor, odd_page(self), features.page_size, true);
}

static void unprotect(FIXTURE_DATA(collapse_states) (*self))
{
	monitor_protect(self->monitor, odd_page(self), features.page_size, false);
}

static void make_watched(FIXTURE_DATA(collapse_states) (*self))
{
	struct huge *h = &self->huge;

	self->monitor = monitor_create(0);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, h->addr, h->size,
					UFFDIO_REGISTER_MODE_MISSING),
		      0);
}

static void make_watched_hole(FIXTURE_DATA(collapse_states) (*self))
{
	make_watched(self);
	make_empty(self);
}

static void end_watch(FIXTURE_DATA(collapse_states) (*self))
{
	monitor_leave(self->monitor, self->huge.addr, self->huge.size);
}

static void make_read_only(FIXTURE_DATA(collapse_states) (*self))
{
	protect_memory(self->huge.addr, self->huge.size, PROT_READ);
}

static void make_writable(FIXTURE_DATA(collapse_states) (*self))
{
	protect_memory(self->huge.addr, self->huge.size, PROT_READ | PROT_WRITE);
}

static void make_not_huge(FIXTURE_DATA(collapse_states) (*self))
{
	advise_memory(self->huge.addr, self->huge.size, MADV_NOHUGEPAGE);
}

static void allow_huge(FIXTURE_DATA(collapse_states) (*self))
{
	advise_memory(self->huge.addr, self->huge.size, MADV_HUGEPAGE);
}

static void make_shared(FIXTURE_DATA(collapse_states) (*self))
{
	struct huge *h = &self->huge;

	child_fork(&h->story.child);
	/* Up to Linux 6.17 a range without any writable page is not collapsed. */
	write_page(h->addr, h->story.buffer.serial, 0, BY_OWNER);
}

static void make_locked(FIXTURE_DATA(collapse_states) (*self))
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mlock", errno_of(mlock(self->huge.addr, self->huge.size)), 0);
}

static void make_freeable(FIXTURE_DATA(collapse_states) (*self))
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_FREE",
		      errno_of(madvise(odd_page(self), features.page_size, MADV_FREE)), 0);
}

static void make_huge(FIXTURE_DATA(collapse_states) (*self))
{
	struct huge *h = &self->huge;

	/* A new mapping: an empty page table in the range would prevent a huge page. */
	if (mmap(h->addr, h->size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
	set_huge_pages("madvise");
	huge_fill(h, h->addr, true);
	set_huge_pages("never");
}

/* Split the mapping of a huge page: it is then mapped by small entries. */
static void make_mapped_by_ptes(FIXTURE_DATA(collapse_states) (*self))
{
	make_huge(self);
	protect_memory(odd_page(self), features.page_size, PROT_READ);
	protect_memory(odd_page(self), features.page_size, PROT_READ | PROT_WRITE);
}

/* No room for a huge page in the memory cgroup of this process. */
static void make_limited(FIXTURE_DATA(collapse_states) (*self))
{
	char path[256];

	cgroup_file(&self->group, "memory.max", path, sizeof(path));
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("memory.max", write_text(path, "1M"), 0);
	cgroup_enter(&self->group);
}

static void drop_limit(FIXTURE_DATA(collapse_states) (*self))
{
	cgroup_leave(&self->group);
}

FIXTURE_VARIANT(collapse_states)
{
	void (*make)(FIXTURE_DATA(collapse_states) (*self));	/* NULL: ordinary pages */
	/* Undo make(): then the range can be collapsed. NULL: it can be at once. */
	void (*undo)(FIXTURE_DATA(collapse_states) (*self));
	long result;
	/* The result of kernels without @change, CHANGE_COUNT: of none */
	enum kernel_change change;
	long result_before;
};

#define STATE(name, make_it, undo_it, expected) \
	FIXTURE_VARIANT_ADD(collapse_states, name) { \
		.make = make_it, .undo = undo_it, .result = expected, .change = CHANGE_COUNT }

STATE(ordinary, NULL, NULL, 0);
STATE(hole, make_empty, NULL, 0);
STATE(zero_page, make_zero_page, NULL, 0);
STATE(huge, make_huge, NULL, 0);
STATE(by_ptes, make_mapped_by_ptes, NULL, 0);
STATE(referenced, make_referenced, let_go, -EAGAIN);
STATE(pinned, make_pinned, unpin, -EAGAIN);
STATE(coherent, make_coherent, bring_back, -EINVAL);
STATE(private, make_private, NULL, 0);
STATE(exclusive, make_device_exclusive, NULL, 0);
STATE(uffd_wp, make_protected, unprotect, -EINVAL);
STATE(watched, make_watched, NULL, 0);
STATE(no_huge_page, make_not_huge, allow_huge, -EINVAL);
STATE(shared, make_shared, NULL, 0);
STATE(locked, make_locked, NULL, 0);
STATE(freeable, make_freeable, NULL, 0);
STATE(limited, make_limited, drop_limit, -EBUSY);

FIXTURE_VARIANT_ADD(collapse_states, watched_hole) {
	.make = make_watched_hole, .undo = end_watch, .result = -EBUSY,
	.change = CHANGE_COLLAPSE_KEEPS_HOLES, .result_before = -EINVAL,
};

FIXTURE_VARIANT_ADD(collapse_states, read_only) {
	.make = make_read_only, .undo = make_writable, .result = 0,
	.change = CHANGE_COLLAPSE_READ_ONLY, .result_before = -EINVAL,
};

FIXTURE_SETUP(collapse_states)
{
	struct huge *h = &self->huge;

	self->monitor = -1;
	self->pin = -1;
	self->is_empty = false;
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	if (variant->make == make_pinned)
		need(features.pin_stays, SKIP_NO_STAYING_PINS);
	if (variant->make == make_limited)
		cgroup_make(&self->group);
	huge_begin(h, false);
	huge_fill(h, h->addr, false);
	restore_setting(THP "enabled");
	set_huge_pages("never");
	advise_memory(h->addr, h->size, MADV_HUGEPAGE);
}

FIXTURE_TEARDOWN(collapse_states)
{
	if (self->pin >= 0)
		pin_drop(self->pin);
	if (self->monitor >= 0)
		close(self->monitor);
	huge_end(&self->huge);
}

static long collapse(FIXTURE_DATA(collapse_states) (*self))
{
	struct huge *h = &self->huge;
	const long result = errno_of(madvise(h->addr, h->size, MADV_COLLAPSE));

	if (result == -ENOMEM)
		huge_memory_refused("a huge page");
	return result;
}

/* How many pages have other bytes than they should. */
static size_t lost(FIXTURE_DATA(collapse_states) (*self))
{
	struct huge *h = &self->huge;
	size_t i, count = 0;

	for (i = 0; i < h->pages; i++)
		count += read_page(page_in(h->addr, i), h->story.buffer.serial, i, BY_OWNER,
				   BY_OTHER) !=
			 (i == ODD && self->is_empty ? DATA_ZERO : DATA_OLD);
	return count;
}

static void expect_collapsed(FIXTURE_DATA(collapse_states) (*self))
{
	struct huge *h = &self->huge;
	long result = -EAGAIN;
	int i;

	for (i = 0; i < ATTEMPTS && result == -EAGAIN; i++)
		result = collapse(self);
	expect_result("MADV_COLLAPSE", result, 0);
	expect(device_snapshot(&h->device, h->addr).huge, "the range is not one huge page");
	expect_result("pages with other bytes", lost(self), 0);
}

SCENARIO(collapse_states, by_advice,
	 "MADV_COLLAPSE of a range makes one huge page with the same bytes, or returns the errno "
	 "of the state of its pages and changes nothing; without that state it succeeds")
{
	struct huge *h = &self->huge;
	const bool is_new = variant->change == CHANGE_COUNT || kernel_has(variant->change);
	const long expected = is_new ? variant->result : variant->result_before;
	struct page before;

	if (variant->make)
		variant->make(self);
	set_rule(RULE_COLLAPSE_BY_STATE);
	if (expected) {
		before = page_at(0, odd_page(self));
		expect_result("MADV_COLLAPSE", collapse(self), expected);
		expect(page_at(0, odd_page(self)).pfn == before.pfn,
		       "the page has another frame than before");
		expect(!device_snapshot(&h->device, h->addr).huge, "the range is one huge page");
		variant->undo(self);
		set_rule(RULE_COLLAPSE_BY_STATE);
	}
	expect_collapsed(self);
}

SCENARIO(collapse_states, seen_by_device,
	 "after MADV_COLLAPSE, also one that failed, a device that has read a page before reads "
	 "the "
	 "bytes that the owner has written before and after it")
{
	struct huge *h = &self->huge;
	struct story *s = &h->story;
	unsigned char *page = page_in(h->addr, ODD + 1);

	expect_result("a read by the device", device_read(&h->device, page, 1), 0);
	if (variant->make)
		variant->make(self);
	set_rule(RULE_COLLAPSE_BY_STATE);
	(void)!collapse(self);
	expect_result("a read by the device", device_read(&h->device, page, 1), 0);
	expect_bytes(h->device.bounce, s->buffer.serial, ODD + 1, BY_OWNER,
		     "bytes that the device reads");
	if (variant->make == make_read_only)
		make_writable(self);
	write_page(page, s->buffer.serial, ODD + 1, BY_OWNER_AGAIN);
	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("a read by the device", device_read(&h->device, page, 1), 0);
	expect_bytes(h->device.bounce, s->buffer.serial, ODD + 1, BY_OWNER_AGAIN,
		     "bytes that the device reads");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_collapse_states", argc, argv);
}
