// SPDX-License-Identifier: GPL-2.0
/*
 * What may bring a kernel down: a page that moves while its mapping, and with
 * that its anon_vma, goes
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
	return harness_main("hmm_coherent_destructive_anon_vma", argc, argv);
}
