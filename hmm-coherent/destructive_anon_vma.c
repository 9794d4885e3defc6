// SPDX-License-Identifier: GPL-2.0
/*
 * Tests that may crash a kernel: a page is migrated while its mapping is
 * unmapped and its anon_vma is freed
 */
#include "destructive.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "see/pin.h"

/*
 * Many pages are pinned; at some time after that has begun, the last one is
 * unmapped.
 */
#define PINNED 128
#define ROUNDS 40

struct leaving {
	unsigned char *page;
	long delay;		/* ns between the beginning of the pin and munmap() */
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
 * Map the pages and migrate them to the device. The last page is a separate
 * mapping with other flags, so that it does not share an anon_vma with its
 * neighbour (anon_vma_compatible()).
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

/*
 * The time in ns that an undisturbed pin of all pages takes. The delays of the
 * rounds are distributed over it.
 */
static long time_of_a_pin(struct story *s, size_t size)
{
	unsigned char *addr = map_with_a_last_one(s, size);
	const long begun = now_ns();
	const int held = pin_hold(true, true, addr, PINNED);
	const long took = now_ns() - begun;

	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	must(held >= 0, "an undisturbed long-term pin of %d pages: %s", PINNED,
	     strerror(-held));
	pin_drop(held);
	unmap_memory(addr, size);
	return took;
}

/*
 * The slow path of GUP-fast releases mmap_lock before it moves the pages
 * (__gup_longterm_locked(), after 6.1). Then no reference protects the anon_vma
 * of the last page, which remove_migration_ptes() walks.
 */
SCENARIO(destructive, unmapped_while_moved,
	 "a page that is unmapped while a long-term pin moves it off the device is freed, and no "
	 "freed memory is accessed")
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
		       "a long-term pin of pages that are being unmapped: %s", strerror(-held));
		if (held >= 0)
			pin_drop(held);
		unmap_memory(addr, size);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * An anon_vma is freed after an RCU grace period. If this wait is too short,
 * KASAN does not detect the access, but no check fails.
 */
#define GRACE_MS 500

/*
 * Eviction works on page frames, without mmap_lock. If a page stays because of
 * a reference, its migration entries are restored through its anon_vma
 * (migrate_device_unmap()).
 */
SCENARIO(destructive, evicted_after_unmap,
	 "a page that is unmapped and still referenced stays when the device evicts all pages, and "
	 "no freed memory is accessed")
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
	/* The driver evicts all coherent pages when one of its files is closed. */
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
	return harness_main("hmm_coherent_destructive_anon_vma", argc, argv);
}
