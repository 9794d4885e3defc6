// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_MOVE by the state of the page: what it moves, what it refuses, and
 * what it reports
 *
 * A moved page has to be found at its new address by everything that finds
 * pages by their frame: reclaim swaps it out there.
 */
#include "suite/harness.h"

#include <errno.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <signal.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "reach/swap.h"
#include "see/counters.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3
#define WRITTEN_S 10

FIXTURE(uffd_move)
{
	struct story story;
	int monitor;
	unsigned char *to;	/* PAGES pages, registered for missing pages */
};

FIXTURE_VARIANT(uffd_move)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(uffd_move, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(uffd_move, system) { .place = PLACE_SYSTEM };

WHY_NOT(uffd_move)
{
	if (!kernel_has(CHANGE_UFFD_MOVE) && !monitor_can(UFFD_FEATURE_MOVE))
		return "this kernel has no UFFDIO_MOVE (6.8)";
	if (!strncmp(test, "swapped", 7) && variant->place == PLACE_COHERENT)
		return "a page on a device is not swapped out";
	return NULL;
}

FIXTURE_SETUP(uffd_move)
{
	int error;

	need(features.uffd_wp, SKIP_NO_USERFAULTFD);
	story_begin(&self->story, variant->place, false, PAGES);
	self->to = map_memory(PAGES * features.page_size, PROT_READ | PROT_WRITE);
	self->monitor = monitor_create(UFFD_FEATURE_MOVE | UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (self->monitor < 0)
		syscall_failed("UFFDIO_API with UFFD_FEATURE_MOVE", EINVAL);
	error = monitor_watch_for(self->monitor, self->to, PAGES * features.page_size,
				  UFFDIO_REGISTER_MODE_MISSING);
	if (error)
		syscall_failed("UFFDIO_REGISTER", -error);
	set_rule(RULE_MOVED_BY_MAPPING);
}

FIXTURE_TEARDOWN(uffd_move)
{
	close(self->monitor);
	unmap_memory(self->to, PAGES * features.page_size);
	story_end(&self->story);
}

/* Move @count pages. Check the result, and the bytes that the kernel says it has moved. */
static void move(FIXTURE_DATA(uffd_move)(*self), size_t count, unsigned long long mode,
		 long expected, long expected_moved)
{
	long moved;

	expect_result("UFFDIO_MOVE",
		      monitor_move_as(self->monitor, self->to, self->story.buffer.addr,
				      count * features.page_size, mode, &moved),
		      expected);
	expect_result("the field \"move\"", moved, expected_moved);
}

static void move_one(FIXTURE_DATA(uffd_move) (*self))
{
	move(self, 1, 0, 0, features.page_size);
	expect_at(&self->story, 0, PLACE_NOWHERE);
}

/* Page 0 is refused with @error and stays what it is. */
static void expect_refused(FIXTURE_DATA(uffd_move) (*self), long error)
{
	move(self, 1, 0, error, error);
	expect(page_at(0, self->to).at == PLACE_NOWHERE, "there is a page at the target");
}

/* Page 0 is at the target now. It can be written in place. */
static void expect_arrived(FIXTURE_DATA(uffd_move) (*self), bool same_frame)
{
	struct story *s = &self->story;
	const unsigned long frame = page_at(0, self->to).pfn;

	if (same_frame)
		expect(frame == s->frames[0], "the moved page has frame 0x%lx, not 0x%lx", frame,
		       s->frames[0]);
	expect_bytes(self->to, s->buffer.serial, 0, BY_OWNER, "bytes of the moved page");
	write_page(self->to, s->buffer.serial, 0, BY_OWNER_AGAIN);
	expect_bytes(self->to, s->buffer.serial, 0, BY_OWNER_AGAIN, "bytes that were written");
}

static bool is_written(void *addr)
{
	return !frame_has_flag(page_at(0, addr).pfn, KPF_WRITEBACK);
}

/* Reclaim finds the moved page by its frame at the target. */
static void expect_swapped_out(FIXTURE_DATA(uffd_move) (*self), enum writer writer)
{
	must(wait_until(is_written, self->to, WRITTEN_S),
	     "a page that was swapped out is still being written after %d s", WRITTEN_S);
	drain_lru_batches();
	advise_memory(self->to, features.page_size, MADV_PAGEOUT);
	expect_same(page_at(0, self->to).at == PLACE_SWAPPED,
		    "place of the moved page after MADV_PAGEOUT", "swapped",
		    place_name(page_at(0, self->to).at));
	expect_bytes(self->to, self->story.buffer.serial, 0, writer,
		     "bytes of the moved page after swap");
}

SCENARIO(uffd_move, several,
	 "several pages are moved by one call, with their frames, and are counted at their new "
	 "address")
{
	struct story *s = &self->story;
	const long size = PAGES * features.page_size;
	size_t i;

	move(self, PAGES, 0, 0, size);
	for (i = 0; i < PAGES; i++) {
		unsigned char *to = self->to + i * features.page_size;

		expect_at(s, i, PLACE_NOWHERE);
		expect(page_at(0, to).pfn == s->frames[i], "page %zu has another frame", i);
		expect_bytes(to, s->buffer.serial, i, BY_OWNER, "bytes of a moved page");
	}
	expect_result("Rss of the source", smaps_bytes(s->buffer.addr, "Rss"), 0);
	expect_result("Rss of the target", smaps_bytes(self->to, "Rss"), size);
	expect_result("Anonymous of the target", smaps_bytes(self->to, "Anonymous"), size);
}

SCENARIO(uffd_move, up_to_the_first,
	 "a call stops at the first page that it refuses: it returns EAGAIN and the bytes that it "
	 "has moved, and the other pages stay")
{
	struct story *s = &self->story;

	advise_memory(buffer_page(&s->buffer, 1), features.page_size, MADV_DONTNEED);
	move(self, PAGES, 0, -EAGAIN, features.page_size);
	expect_at(s, 0, PLACE_NOWHERE);
	expect_arrived(self, true);
	expect_stays(s, 2);
	expect(page_at(0, self->to + 2 * features.page_size).at == PLACE_NOWHERE,
	       "there is a third page at the target");
}

SCENARIO(uffd_move, holes,
	 "a hole is refused with ENOENT, or skipped with UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES")
{
	struct story *s = &self->story;

	advise_memory(s->buffer.addr, features.page_size, MADV_DONTNEED);
	expect_refused(self, -ENOENT);
	move(self, PAGES, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, 0, PAGES * features.page_size);
	expect(page_at(0, self->to).at == PLACE_NOWHERE, "a hole became a page");
	expect(page_at(0, self->to + features.page_size).pfn == s->frames[1],
	       "the page behind the hole has another frame");
	expect_at(s, 1, PLACE_NOWHERE);
}

SCENARIO(uffd_move, target_exists,
	 "a target that has a page is refused with EEXIST, and both pages stay")
{
	struct story *s = &self->story;

	move_one(self);
	write_page(s->buffer.addr, s->buffer.serial, 0, BY_OTHER);
	move(self, 1, 0, -EEXIST, -EEXIST);
	expect_arrived(self, true);
	expect_owner_sees(s, 0, BY_OTHER);
}

SCENARIO(uffd_move, zero_page,
	 "a zero page is moved: the target reads as zeros and can be written")
{
	struct story *s = &self->story;

	advise_memory(s->buffer.addr, features.page_size, MADV_DONTNEED);
	expect_zeros(s->buffer.addr, "memory that was never written");
	move_one(self);
	expect_zeros(self->to, "the moved zero page");
	write_page(self->to, s->buffer.serial, 0, BY_OWNER);
	expect_bytes(self->to, s->buffer.serial, 0, BY_OWNER, "bytes that were written");
}

SCENARIO(uffd_move, referenced,
	 "a page with a reference is moved, and the holder sees its bytes")
{
	struct story *s = &self->story;

	story_hold(s, 0);
	set_rule(RULE_MOVED_BY_MAPPING);
	move_one(self);
	expect_arrived(self, true);
	expect_holder_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(uffd_move, pinned,
	 "a pinned page is refused with EBUSY, and is moved when the pin is gone")
{
	struct story *s = &self->story;
	int pin;

	need(features.pin_stays, SKIP_NO_STAYING_PINS);
	pin = pin_hold(false, true, s->buffer.addr, 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(pin >= 0, "a long-term pin fails with errno %d", -pin);
	story_remember_frames(s);
	set_rule(RULE_MOVED_BY_MAPPING);
	expect_refused(self, -EBUSY);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	pin_drop(pin);
	move_one(self);
	expect_arrived(self, true);
}

SCENARIO(uffd_move, exclusive_or_private,
	 "a page that a device has exclusively, or on a private device, is refused with EFAULT and "
	 "stays accessible")
{
	struct story *s = &self->story;
	struct device private;

	expect_result("exclusive access",
		      device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	expect_refused(self, -EFAULT);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_stays(s, 0);
	story_migrate_back(s);
	device_open(&private, PLACE_PRIVATE, 1);
	device_move_to(&private, s->buffer.addr, 1);
	expect_at(s, 0, PLACE_PRIVATE);
	expect_refused(self, -EFAULT);
	expect_at(s, 0, PLACE_PRIVATE);
	expect_owner_sees(s, 0, BY_OWNER);
	device_close(&private);
}

/*
 * The protection belongs to the mapping that it was asked for, as with
 * mremap(): move_present_ptes() makes a new entry without it.
 */
SCENARIO(uffd_move, protected,
	 "a page that is write-protected by userfaultfd is not protected at its new address")
{
	struct story *s = &self->story;

	expect_result("UFFDIO_REGISTER", monitor_watch(self->monitor, s->buffer.addr,
						       s->buffer.size), 0);
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, true);
	move_one(self);
	set_rule(RULE_MONITOR_LETS_GO);
	expect(!page_at(0, self->to).uffd_wp, "the moved page is still protected");
	expect_arrived(self, true);
}

static void swap_out(FIXTURE_DATA(uffd_move) (*self))
{
	struct story *s = &self->story;

	swap_on();
	drain_lru_batches();
	advise_memory(s->buffer.addr, features.page_size, MADV_PAGEOUT);
	set_rule(RULE_SWAP_KEEPS);
	must(page_at(0, s->buffer.addr).at == PLACE_SWAPPED, "the page is not swapped out");
	set_rule(RULE_MOVED_BY_MAPPING);
}

SCENARIO(uffd_move, swapped,
	 "a page that is swapped out is moved, is swapped in at its new address, and can be "
	 "swapped out there")
{
	swap_out(self);
	move_one(self);
	expect(page_at(0, self->to).at == PLACE_SWAPPED, "the target is not swapped out");
	expect_arrived(self, false);
	expect_swapped_out(self, BY_OWNER_AGAIN);
}

/* A reference keeps the page in the swap cache although its entry is a swap entry. */
SCENARIO(uffd_move, swapped_and_cached,
	 "a page that is swapped out and still in the swap cache can be swapped out at its new "
	 "address")
{
	struct story *s = &self->story;

	story_hold(s, 0);
	swap_out(self);
	must(frame_has_flag(s->frames[0], KPF_SWAPCACHE), "the page is not in the swap cache");
	move_one(self);
	story_let_go(s);
	expect_bytes(self->to, s->buffer.serial, 0, BY_OWNER, "bytes of the moved page");
	expect_swapped_out(self, BY_OWNER);
	expect_arrived(self, false);
}

SCENARIO(uffd_move, swapped_and_protected,
	 "a swapped page that is write-protected by userfaultfd is not protected at its new "
	 "address")
{
	struct story *s = &self->story;

	expect_result("UFFDIO_REGISTER", monitor_watch(self->monitor, s->buffer.addr,
						       s->buffer.size), 0);
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, true);
	swap_out(self);
	move_one(self);
	set_rule(RULE_MONITOR_LETS_GO);
	expect(!page_at(0, self->to).uffd_wp, "the moved swap entry is still protected");
	expect_arrived(self, false);
	expect(!page_at(0, self->to).uffd_wp, "the moved page is still protected");
}

/* What validate_move_areas() and userfaultfd_move() refuse with EINVAL. */
SCENARIO(uffd_move, wrong_ranges,
	 "other protection, locking, shared memory, an unregistered target, unknown flags and "
	 "unaligned addresses are refused with EINVAL, and the page stays")
{
	struct story *s = &self->story;
	const size_t size = features.page_size;
	unsigned char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned char *from = s->buffer.addr;
	long moved;

	if (shared == MAP_FAILED)
		syscall_failed("mmap", errno);
	*shared = 1;
	protect_memory(from, s->buffer.size, PROT_READ);
	expect_result("from a read-only mapping", monitor_move(self->monitor, self->to, from, size),
		      -EINVAL);
	protect_memory(from, s->buffer.size, PROT_READ | PROT_WRITE);
	expect_result("mlock", errno_of(mlock(from, s->buffer.size)), 0);
	expect_result("from a locked mapping", monitor_move(self->monitor, self->to, from, size),
		      -EINVAL);
	expect_result("munlock", errno_of(munlock(from, s->buffer.size)), 0);
	expect_result("from shared memory", monitor_move(self->monitor, self->to, shared, size),
		      -EINVAL);
	expect_result("to an unregistered mapping",
		      monitor_move(self->monitor, from, self->to, size), -EINVAL);
	expect_result("with an unknown flag",
		      monitor_move_as(self->monitor, self->to, from, size, 4, &moved), -EINVAL);
	expect_result("from an unaligned address",
		      monitor_move(self->monitor, self->to, from + 1, size), -EINVAL);
	expect_result("of an unaligned size",
		      monitor_move(self->monitor, self->to, from, size - 1), -EINVAL);
	expect_result("of nothing", monitor_move(self->monitor, self->to, from, 0), -EINVAL);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	unmap_memory(shared, size);
}

/* move_present_ptes() tells the page its new address, by which the reverse map finds it. */
SCENARIO(uffd_move, found_by_frame,
	 "a page that was moved is found by its frame: it is swapped out, or comes back when the "
	 "device is closed")
{
	struct story *s = &self->story;

	swap_on();
	drain_lru_batches();
	move_one(self);
	if (story_on_device(s))
		device_move_back(&s->device, self->to, 1);
	drain_lru_batches();
	expect_swapped_out(self, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_uffd_move", argc, argv);
}
