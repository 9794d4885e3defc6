// SPDX-License-Identifier: GPL-2.0
/*
 * What may bring a kernel down that has one of the bugs of docs/findings.md:
 * run only when asked for (--destructive), each in a VM of its own
 *
 * Every scenario states what a kernel without the bug does, and passes there.
 * On one that has it the process, the processor or the whole machine is lost,
 * and the kernel's log says where.
 */
#include "suite/harness.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/ksm.h"
#include "reach/next_frames.h"
#include "reach/range.h"
#include "reach/transfer.h"
#include "see/pin.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 3
#define KSM_S 10

/* Linux 4.4; glibc 2.27 has it only with some feature macros. */
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

/* What passes on every kernel where nobody watches is not run there. */

FIXTURE(destructive)
{
	struct story story;
};

FIXTURE_SETUP(destructive)
{
	story_begin(&self->story, PLACE_COHERENT, false, PAGES);
}

FIXTURE_TEARDOWN(destructive)
{
	story_end(&self->story);
}

/* Let KSM go over everything a few times. */
static bool scan(void)
{
	bool scanned;

	ksm_start();
	scanned = ksm_scanned(5, KSM_S);
	ksm_stop();
	return scanned;
}

static unsigned char *merged_twins(struct story *s)
{
	unsigned char *twins;

	need(ksm_available(), SKIP_NO_KSM);
	twins = ksm_map_equal(2, s->buffer.serial, BY_CHILD);
	ksm_mergeable(twins, 2);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(scan(), "KSM did not get to the end of a scan");
	must(ksm_are_merged(twins), "KSM did not merge two equal pages");
	return twins;
}

/*
 * A merged page was offered to a device: a kernel moves it for both of its
 * users or for none (docs/findings.md, ksm-page-on-device).
 */
static void expect_offered(unsigned char *twins, enum place device)
{
	enum place at = page_at(0, twins).at;

	set_rule(RULE_ENTRY);
	expect(at == device || in_memory(at), "after migration the merged page is %s",
	       place_name(at));
	expect(ksm_are_merged(twins),
	       "after migration the users of the merged page have different pages");
}

SCENARIO(destructive, ksm_page_comes_back,
	 "a merged page on the device comes back to memory for all its users after KSM has passed "
	 "by")
{
	struct story *s = &self->story;
	unsigned char *twins = merged_twins(s);
	size_t i;

	device_move_to(&s->device, twins, 1);
	expect_offered(twins, PLACE_COHERENT);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(scan(), "KSM did not get to the end of a scan");
	device_move_back(&s->device, twins, 1);
	set_rule(RULE_BACK);
	for (i = 0; i < 2; i++) {
		unsigned char *addr = twins + i * features.page_size;

		expect(in_memory(page_at(0, addr).at), "user %zu of the page has it %s", i,
		       place_name(page_at(0, addr).at));
		expect_bytes(addr, s->buffer.serial, 0, BY_CHILD,
			     i ? "bytes that its second user sees" :
				 "bytes that its first user sees");
	}
}

SCENARIO(destructive, ksm_page_private,
	 "KSM does not read a merged page that went to a private device, which no processor can "
	 "read")
{
	struct story *s = &self->story;
	unsigned char *twins = merged_twins(s), *third;
	struct device private;
	bool scanned;

	device_open(&private, PLACE_PRIVATE, 1);
	device_move_to(&private, twins, 1);
	expect_offered(twins, PLACE_PRIVATE);
	third = ksm_map_equal(1, s->buffer.serial, BY_CHILD);
	ksm_mergeable(third, 1);
	scanned = scan();
	set_rule(RULE_NOT_MERGED);
	expect(in_memory(page_at(0, third).at), "an equal page of memory is now %s",
	       place_name(page_at(0, third).at));
	expect(scanned, "KSM did not get to the end of a scan");
	unmap_memory(twins, 2 * features.page_size);
	device_close(&private);
}

static long lock_on_fault(const struct buffer *buffer, long arg)
{
	(void)arg;
	return syscall(SYS_mlock2, buffer->addr, features.page_size, MLOCK_ONFAULT) ? -errno : 0;
}

/*
 * mlock by a sharer makes a page unevictable; use makes the next one active.
 * Never both, of one page: folio_migrate_flags() checks.
 */
SCENARIO(destructive, flags_of_two_lives,
	 "a page frame that was unevictable in one life and is active in the next can be migrated "
	 "back")
{
	struct story *s = &self->story;
	const struct pin_kind get = { .pin = false };
	unsigned long frame;
	long error;
	int i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	story_migrate_back(s);
	child_fork(&s->child);
	error = child_call(&s->child, &s->buffer, lock_on_fault, 0);
	if (error)
		syscall_failed("mlock2", -error);
	drain_lru_batches();
	device_move_to(&s->device, s->buffer.addr, 1);
	frame = page_at(0, s->buffer.addr).pfn;
	child_leave(&s->child);
	unmap_memory(s->buffer.addr, features.page_size);

	set_rule(RULE_SHORT_PIN_STAYS);
	for (i = 0; i < 20; i++)
		must(pin_pages(get, buffer_page(&s->buffer, 1), 1) == (long)features.page_size,
		     "GUP does not get a page of memory");
	drain_lru_batches();
	device_move_to(&s->device, buffer_page(&s->buffer, 1), 1);
	set_rule(RULE_FREED_TO_DRIVER);
	must(page_at(0, buffer_page(&s->buffer, 1)).pfn == frame,
	     "the second page did not get frame 0x%lx, which the first gave back", frame);
	report_line("note:", "flags: %s", page_dump(buffer_page(&s->buffer, 1)).flags);
	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	set_rule(RULE_FRESH_FRAME);
	expect(page_at(0, buffer_page(&s->buffer, 1)).at != PLACE_COHERENT,
	       "the page does not come back");
	expect_owner_sees(s, 1, BY_OWNER);
}

/*
 * Its entry keeps a reference, which is all that eviction may find; who takes
 * the entry for one of a migration adds another.
 */
SCENARIO(destructive, exclusive_page_evicted,
	 "a page that the device has for itself keeps its bytes when everybody's pages are "
	 "brought back, and is freed once")
{
	struct story *s = &self->story;
	struct device other;
	struct buffer next;
	size_t i;

	need(kernel_has(CHANGE_CLOSE_EVICTS), SKIP_NO_EVICTION);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	device_open(&other, PLACE_COHERENT, 1);
	device_close(&other);
	set_rule(RULE_DEVICE_EXCLUSIVE);
	for (i = 0; i < PAGES; i++)
		expect_owner_sees(s, i, BY_OWNER);
	story_write(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);

	unmap_memory(s->buffer.addr, PAGES * features.page_size);
	next_frames_take(&next, PAGES, &s->device, PLACE_COHERENT);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(next_frames_count(&next, s->frames[0]),
	       "frame 0x%lx did not come back to the driver with munmap()", s->frames[0]);
	next_frames_return(&next);
}

/*
 * The device's memory is set up anew, and its first user decides how it is cut:
 * huge, where the driver can do that.
 */
static void huge_on_device(struct huge *h)
{
	huge_begin(h, false);
	huge_fill(h, h->addr, true);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("HMM_DMIRROR_RELEASE",
		      device_command(&h->device, HMM_DMIRROR_RELEASE, h->story.buffer.addr, 1), 0);
	device_move_to(&h->device, h->addr, h->pages);
	set_rule(RULE_ENTRY);
	must(page_at(0, h->addr).at == PLACE_COHERENT,
	     "the huge page did not go to the device: it is %s",
	     place_name(page_at(0, h->addr).at));
}

static void expect_huge_back(struct huge *h)
{
	enum place at = page_at(0, h->addr).at;

	expect(in_memory(at), "its first page is %s", place_name(at));
	expect_result("pages with other bytes", huge_lost(h), 0);
	huge_end(h);
}

SCENARIO(destructive, huge_page_pinned,
	 "a long-term pin moves a huge page off the device like a small one")
{
	const struct pin_kind longterm = { .pin = true, .longterm = true };
	struct huge huge;

	need(pin_available(), SKIP_NO_GUP_TEST);
	huge_on_device(&huge);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("bytes pinned", pin_pages(longterm, huge.addr, 1), features.page_size);
	expect_huge_back(&huge);
}

SCENARIO(destructive, huge_page_split,
	 "a huge page on the device of which one small page is protected comes back whole")
{
	struct huge huge;

	huge_on_device(&huge);
	protect_memory(page_in(huge.addr, 5), features.page_size, PROT_READ);
	device_move_back(&huge.device, huge.addr, huge.pages);
	device_move_back(&huge.device, page_in(huge.addr, 5), 1);
	set_rule(RULE_BACK);
	expect_huge_back(&huge);
}

SCENARIO(destructive, huge_page_no_room,
	 "a huge page for which the device has too few pages moves in part, or not at all, and "
	 "loses nothing")
{
	struct range filling;
	struct huge huge;

	allow_second_chunk();
	huge_begin(&huge, false);
	huge_fill(&huge, huge.addr, true);
	/*
	 * A few of the device's pages are left, too few for a huge one. The
	 * stories of this test have some of it, too.
	 */
	range_map(&filling, device_pages(PLACE_COHERENT) - huge.pages + huge.pages / 16);
	set_rule(RULE_ENTRY);
	must(range_fill(&filling, &huge.device) == filling.pages,
	     "the last of %zu pages did not go to a device that has room for it", filling.pages);
	device_move_to(&huge.device, huge.addr, huge.pages);
	set_rule(RULE_NO_PAGE_NO_MOVE);
	expect_result("pages with other bytes", huge_lost(&huge), 0);
	range_unmap(&filling);
	huge_end(&huge);
}

/*
 * The last reference is the transfer's, and goes where the disk says that it is
 * done: in an interrupt. Only lockdep sees what can come of it.
 */
SCENARIO(destructive, freed_by_transfer,
	 "a page whose last reference is a transfer's is freed to the driver in an interrupt "
	 "without danger to anybody")
{
	struct story *s = &self->story;
	struct transfer transfer;

	need(lockdep_watches(), SKIP_NO_LOCKDEP);
	story_medium(s, ON_SLOW);
	transfer_start_read(&transfer, s->medium.fd, s->buffer.addr, features.page_size);
	unmap_memory(s->buffer.addr, features.page_size);
	transfer_prove_in_flight(&transfer, &s->suspension);
	story_dma_lands(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", transfer_finish(&transfer), features.page_size);
}

/*
 * mmap_lock is held over the hotplug of memory, under whose locks KSM's
 * notifier waits for ksmd, which waits for mmap_lock.
 */
SCENARIO(destructive, memory_added_with_ksm,
	 "a device gets its memory anew for a migration, and KSM runs: neither has to wait for "
	 "the other")
{
	struct story *s = &self->story;

	need(ksm_available(), SKIP_NO_KSM);
	need(lockdep_watches(), SKIP_NO_LOCKDEP);
	set_rule(RULE_CLOSE_EVICTS);
	expect_result("HMM_DMIRROR_RELEASE",
		      device_command(&s->device, HMM_DMIRROR_RELEASE, s->buffer.addr, 1), 0);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	ksm_mergeable(ksm_map_equal(2, s->buffer.serial, BY_CHILD), 2);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect(scan(), "KSM did not get to the end of a scan");
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * Many pages, and behind them one that leaves at some time after somebody has
 * begun to pin all of them.
 */
#define PINNED 128
#define ROUNDS 40

struct leaving {
	unsigned char *page;
	long delay;		/* ns after it has begun */
	atomic_bool begun;
};

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void *leave(void *arg)
{
	struct leaving *leaving = arg;
	long begun;

	while (!atomic_load(&leaving->begun))
		;
	begun = now_ns();
	while (now_ns() - begun < leaving->delay)
		;
	unmap_memory(leaving->page, features.page_size);
	return NULL;
}

/*
 * On the device; the last page is a mapping of its own, whose flags forbid it
 * to share an anon_vma with its neighbour (anon_vma_compatible()).
 */
static unsigned char *map_with_a_last_one(struct story *s, size_t size)
{
	unsigned char *addr = map_memory(size, PROT_READ | PROT_WRITE);
	size_t at;

	advise_memory(addr + size - features.page_size, features.page_size, MADV_DONTFORK);
	advise_memory(addr, size, MADV_NOHUGEPAGE);
	memset(addr, 0x5a, size);
	for (at = 0; at < size; at += BUFFER_PAGES_MAX * features.page_size)
		device_move_to(&s->device, addr + at, BUFFER_PAGES_MAX);
	return addr;
}

/* How long it takes to pin all of them when nobody disturbs, in ns: the rounds spread over that. */
static long time_of_a_pin(struct story *s, size_t size)
{
	unsigned char *addr = map_with_a_last_one(s, size);
	const long begun = now_ns();
	const int held = pin_hold(true, true, addr, PINNED);
	const long took = now_ns() - begun;

	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	must(held >= 0, "a long-term pin of %d pages that nobody disturbs: %s", PINNED,
	     strerror(-held));
	pin_drop(held);
	unmap_memory(addr, size);
	return took;
}

/*
 * GUP-fast's slow half lets go of mmap_lock before it moves the pages
 * (__gup_longterm_locked(), after 6.1), and then nothing keeps the anon_vma
 * that remove_migration_ptes() walks for the last of them.
 */
SCENARIO(destructive, unmapped_while_moved,
	 "a page that is unmapped while a long-term pin moves others and it off the device is "
	 "freed, and nothing that is gone is touched")
{
	const size_t size = PINNED * features.page_size;
	struct story *s = &self->story;
	struct leaving leaving;
	unsigned char *addr;
	pthread_t thread;
	cpu_set_t all;
	int round, held, error;
	long whole;

	need(features.pin_stays, SKIP_NO_STAYING_PINS);
	need(kasan_watches_freed(), SKIP_NO_KASAN);
	memset(&all, 0xff, sizeof(all));
	if (sched_setaffinity(0, sizeof(all), &all))
		syscall_failed("sched_setaffinity", errno);
	whole = time_of_a_pin(s, size);
	set_rule(RULE_FREED_TO_DRIVER);
	for (round = 0; round < ROUNDS; round++) {
		addr = map_with_a_last_one(s, size);
		leaving = (struct leaving){ .page = addr + size - features.page_size,
					    .delay = whole * round / ROUNDS };
		error = pthread_create(&thread, NULL, leave, &leaving);
		if (error)
			syscall_failed("pthread_create", error);
		atomic_store(&leaving.begun, true);
		held = pin_hold(true, true, addr, PINNED);
		pthread_join(thread, NULL);
		expect(held >= 0 || held == -EFAULT || held == -EBUSY,
		       "a long-term pin of what is being unmapped: %s", strerror(-held));
		if (held >= 0)
			pin_drop(held);
		unmap_memory(addr, size);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * An anon_vma is freed after a grace period of RCU, and whether that was enough
 * decides about what KASAN sees, not about a check.
 */
#define GRACE_MS 500

/*
 * Eviction has no mapping and so no mmap_lock: a page that stays because
 * somebody holds it is given back to its anon_vma (migrate_device_unmap()).
 */
SCENARIO(destructive, evicted_after_unmap,
	 "a page that was unmapped while somebody holds it stays when the device brings "
	 "everybody's pages back, and nothing that is gone is touched")
{
	const size_t size = BUFFER_PAGES_MAX * features.page_size;
	struct story *s = &self->story;
	unsigned char *addr, *last;
	struct device other;

	need(kasan_watches_freed(), SKIP_NO_KASAN);
	need(kernel_has(CHANGE_CLOSE_EVICTS), SKIP_NO_EVICTION);
	addr = map_with_a_last_one(s, size);
	last = addr + size - features.page_size;
	set_rule(RULE_ENTRY);
	must(page_at(0, last).at == PLACE_COHERENT, "the last page is %s, not on the device",
	     place_name(page_at(0, last).at));
	write_page(last, s->buffer.serial, 0, BY_OTHER);
	story_hold_at(s, last);
	unmap_memory(last, features.page_size);
	poll(NULL, 0, GRACE_MS);
	/* The driver evicts its coherent pages when any of its files is closed. */
	device_open(&other, PLACE_COHERENT, 1);
	device_close(&other);
	set_rule(RULE_BACK);
	expect(in_memory(page_at(0, s->buffer.addr).at), "a page is %s after eviction",
	       place_name(page_at(0, s->buffer.addr).at));
	expect_owner_sees(s, 0, BY_OWNER);
	set_rule(RULE_PINNED_STAYS);
	expect_holder_sees(s, 0, BY_OTHER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_destructive", argc, argv);
}
