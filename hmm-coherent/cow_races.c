// SPDX-License-Identifier: GPL-2.0
/*
 * The races that broke COW first, with pages on a device: GUP-fast and fork(),
 * fork() and migration, exit and eviction, two processors that fault on one
 * private page, swap-in and migration
 */
#include "races.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/swap.h"

/* Rounds of a side that forks, which takes long on a loaded machine. */
#define FORKS (ROUNDS / 6)

WHY_NOT(races)
{
	if (!strcmp(test, "two_faults") && variant->place != PLACE_PRIVATE)
		return "a present page causes no fault";
	if (!strcmp(test, "eviction_and_exit") && !kernel_has(CHANGE_CLOSE_EVICTS))
		return "closing a file of this kernel's test_hmm evicts no pages";
	return NULL;
}

/* For a child: do all pages have the words of the fork, at each of several looks? */
static int sees_its_own(struct story *s, uint64_t value)
{
	int look;
	size_t i;

	for (look = 0; look < 2; look++)
		for (i = 0; i < PAGES; i++)
			if (*counter(s, i) != value)
				return 1;
	*counter(s, 1) = 0;
	return 0;
}

/*
 * Fork a child that checks its words, write page 0 meanwhile, and wait for the
 * child.
 */
static void fork_and_write_again(struct side *side, uint64_t value)
{
	struct story *s = side->race->story;
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(sees_its_own(s, value));
	if (pid < 0 && is_lack(errno))
		syscall_failed("fork", errno);
	*counter(s, 0) = value + 1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		went_wrong(side, "fork: %s", strerror(errno));
	else if (status)
		went_wrong(side, "a child saw other words than at its fork, or died: status 0x%x",
			   status);
}

static void fork_and_write(struct side *side)
{
	struct story *s = side->race->story;
	static uint64_t value;
	size_t i;

	value += 2;
	for (i = 0; i < PAGES; i++)
		*counter(s, i) = value;
	fork_and_write_again(side, value);
	for (i = 1; i < PAGES; i++)
		if (*counter(s, i) != value)
			went_wrong(side, "page %zu has %llu, although its last writer wrote %llu",
				   i, (unsigned long long)*counter(s, i),
				   (unsigned long long)value);
}

SCENARIO(races, fork_and_migrator,
	 "while pages are migrated to the device and back, each forked child sees the bytes of its "
	 "fork and none that the parent writes later")
{
	self->race.limit = FORKS / 3;
	set_rule(RULE_NO_LEAK);
	run_race(&self->race, fork_and_write, race_migrate);
	expect_settled(&self->race);
}

/*
 * GUP-fast checks write_protect_seq after it took its pin: without that, fork()
 * could share the page between both, and the pin would hold the child's page.
 * The pin is that of a registered buffer, whose bytes the ring writes to the
 * medium: pins of gup_test depend on which process closes its file last.
 */
static void pin_and_write(struct side *side)
{
	struct story *s = side->race->story;
	const long page = features.page_size;
	static uint64_t value;
	uint64_t *on = s->medium.bounce;
	int error;

	story_migrate_to_device(s);
	error = ring_register(&s->ring, s->buffer.addr, page);
	/* The page is being migrated by another thread: see RULE_LONGTERM_LEAVES_DEVICE. */
	if (error == -EBUSY || error == -EFAULT)
		return;
	if (error) {
		went_wrong(side, "registration of a buffer: %s", strerror(-error));
		return;
	}
	*counter(s, 0) = ++value;
	if (ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr, page) != page ||
	    pread(s->medium.buffered, on, page, 0) != page)
		went_wrong(side, "the registered page cannot be written to the medium");
	else if (on[16] != value)
		went_wrong(side, "the holder of a pin sees %llu, and its owner has written %llu",
			   (unsigned long long)on[16], (unsigned long long)value);
	error = ring_unregister(&s->ring);
	if (error)
		went_wrong(side, "the buffer cannot be unregistered: %s", strerror(-error));
}

/* Fork a child that writes all pages, and wait for it. */
static void fork_and_touch(struct side *side)
{
	struct story *s = side->race->story;
	pid_t pid = fork();
	int status;
	size_t i;

	for (i = 0; !pid && i < PAGES; i++)
		*counter(s, i) = 7;
	if (!pid)
		_exit(0);
	if (pid < 0 && is_lack(errno))
		syscall_failed("fork", errno);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		went_wrong(side, "fork: %s, or the child died", strerror(errno));
}

SCENARIO(races, pin_and_fork,
	 "a page that is pinned while another thread forks stays the page of its owner: the "
	 "holder sees what the owner writes")
{
	story_ring(&self->story);
	story_medium(&self->story, ON_RAW);
	self->race.limit = FORKS;
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	run_race(&self->race, pin_and_write, fork_and_touch);
	expect_settled(&self->race);
}

/* Closing any file of the device brings all of its pages back to memory. */
static void evict(struct side *side)
{
	struct story *s = side->race->story;
	struct device second;

	device_open(&second, s->place, 1);
	dither(side);
	device_close(&second);
}

static void migrate_fork_exit(struct side *side)
{
	story_migrate_to_device(side->race->story);
	fork_and_touch(side);
}

SCENARIO(races, eviction_and_exit,
	 "while a device's pages are evicted, children that share them write and exit; the parent "
	 "keeps its bytes, and no frame leaks")
{
	self->race.limit = FORKS;
	set_rule(RULE_NO_LEAK);
	run_race(&self->race, migrate_fork_exit, evict);
	expect_owner_sees(&self->story, 1, BY_OWNER);
	expect_settled(&self->race);
}

/* Check the word that the first side wrote before the pages went to the device. */
static void look_at_all(struct side *side)
{
	struct story *s = side->race->story;
	const unsigned int from = dither(side);
	size_t i;

	for (i = 0; i < PAGES; i++)
		if (*counter(s, (from + i) % PAGES) != 42)
			went_wrong(side, "page %zu has lost its word", (from + i) % PAGES);
}

static void migrate_and_look(struct side *side)
{
	story_migrate_to_device(side->race->story);
	look_at_all(side);
}

/*
 * Each fault takes a reference while it migrates the page to memory, so that
 * two faults could keep each other from it for ever. A child that maps the
 * pages holds another.
 */
SCENARIO(races, two_faults,
	 "two processors that fault on the same private page both get it, also if a child shares "
	 "it")
{
	struct story *s = &self->story;
	size_t i;

	for (i = 0; i < PAGES; i++)
		*counter(s, i) = 42;
	story_migrate_to_device(s);
	child_fork(&s->child);
	set_rule(RULE_PRIVATE_FAULTS_BACK);
	self->race.limit = FORKS;
	run_race(&self->race, migrate_and_look, look_at_all);
	child_leave(&s->child);
	expect_settled(&self->race);
}

/* Write the side's own page, and check that it has those bytes also after @change. */
static void write_and_check(struct side *side, size_t page, void (*change)(struct side *side))
{
	volatile uint64_t *word = counter(side->race->story, page);
	const uint64_t value = side->rounds + 1;

	*word = value;
	change(side);
	if (*word != value)
		went_wrong(side, "page %zu has %llu, although its last writer wrote %llu", page,
			   (unsigned long long)*word, (unsigned long long)value);
}

/* Swap out what is in memory, and swap it in again. */
static void through_swap(struct side *side)
{
	struct story *s = side->race->story;

	if (madvise(s->buffer.addr, s->buffer.size, MADV_PAGEOUT))
		went_wrong(side, "MADV_PAGEOUT: %s", strerror(errno));
	dither(side);
	if (*counter(s, 2) != 42)
		went_wrong(side, "page 2 has lost its word");
}

static void write_and_swap(struct side *side)
{
	write_and_check(side, 0, through_swap);
}

static void write_and_migrate(struct side *side)
{
	write_and_check(side, 1, race_migrate);
}

/*
 * A page that is read from swap is in the swap cache while it is being mapped.
 * Migration takes it from there or leaves it (__migrate_device_pages()), and
 * do_swap_page() has to notice that.
 */
SCENARIO(races, swap_and_migrator,
	 "while pages are swapped out and in, another thread migrates them to the device and back: "
	 "no write is lost")
{
	struct story *s = &self->story;
	struct page before;

	need_survives(CHANGE_SWAP_CACHE_READ_AGAIN);
	swap_on();
	*counter(s, 2) = 42;
	story_migrate_back(s);
	drain_lru_batches();
	advise_memory(s->buffer.addr, s->buffer.size, MADV_PAGEOUT);
	before = story_page(s, 3);
	set_rule(RULE_SWAP_KEEPS);
	must(before.at == PLACE_SWAPPED, "a page of memory is %s, not swapped out",
	     place_name(before.at));
	self->race.limit = FORKS;
	run_race(&self->race, write_and_swap, write_and_migrate);
	expect_owner_sees(s, 3, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_cow_races", argc, argv);
}
