// SPDX-License-Identifier: GPL-2.0
/*
 * Two processors at once: what must hold whoever is first
 *
 * A race has two sides. The first does a number of rounds (or goes on for
 * --stress seconds), the second keeps at it for as long. Neither knows what the
 * other is doing, so each judges only what has to be true at any moment: a word
 * that only grows never goes back, a transfer that is over is there, a mapping
 * that is read-only now is read-only. The rest is looked at when both have
 * ended.
 */
#include "suite/harness.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 4
#define ROUNDS 60

struct race;

struct side {
	struct race *race;
	int cpu;
	void (*round)(struct side *side);
	unsigned int random;
	long rounds;
	char wrong[160];	/* the first thing that did not hold */
};

struct race {
	struct story *story;
	struct device *second;	/* where there are two */
	atomic_bool over;
	atomic_int ready;
	long limit;		/* rounds of the first side */
	long seconds;		/* of --stress: instead of the rounds */
	struct side first, other;
};

/* The test's own verdicts are for one thread only: a side remembers. */
static void __printf(2, 3)
went_wrong(struct side *side, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (!side->wrong[0])
		vsnprintf(side->wrong, sizeof(side->wrong), fmt, args);
	va_end(args);
}

/*
 * A few hundred instructions, never the same number twice in a row: so that the
 * sides meet in other places each time.
 */
static unsigned int dither(struct side *side)
{
	volatile unsigned int spin;

	side->random = side->random * 1664525u + 1013904223u;
	for (spin = side->random >> 22; spin; spin--)
		;
	return side->random >> 8;
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		syscall_failed("sched_setaffinity", errno);
}

static void meet(struct side *side)
{
	on_cpu(side->cpu);
	atomic_fetch_add(&side->race->ready, 1);
	while (atomic_load(&side->race->ready) < 2)
		sched_yield();
}

static void *run_other(void *arg)
{
	struct side *side = arg;

	meet(side);
	while (!atomic_load(&side->race->over)) {
		dither(side);
		side->round(side);
		side->rounds++;
	}
	return NULL;
}

static bool goes_on(struct race *race, const struct timespec *begin)
{
	struct timespec now;

	if (!race->seconds)
		return race->first.rounds < race->limit;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - begin->tv_sec < race->seconds;
}

static void run_first(struct side *side)
{
	struct timespec begin;

	meet(side);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (goes_on(side->race, &begin) && !side->wrong[0]) {
		dither(side);
		side->round(side);
		side->rounds++;
	}
	atomic_store(&side->race->over, true);
}

/*
 * Tests run on one processor; all that this process may have is asked for, and
 * what it gets is looked at.
 */
static void take_two_cpus(struct race *race)
{
	cpu_set_t set;
	int cpu, cpus[2] = { 0 }, found = 0;

	memset(&set, 0xff, sizeof(set));
	if (sched_setaffinity(0, sizeof(set), &set) || sched_getaffinity(0, sizeof(set), &set))
		syscall_failed("sched_setaffinity", errno);
	for (cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[found++] = cpu;
	need(found == 2, SKIP_NO_TWO_CPUS);
	race->first.cpu = cpus[0];
	race->other.cpu = cpus[1];
}

/*
 * Both sides to their end, each on a processor of its own; then what they found
 * wrong. The caller has named the rule.
 */
static void run_race(struct race *race, void (*first)(struct side *), void (*other)(struct side *))
{
	pthread_t thread;
	int error;

	take_two_cpus(race);
	race->seconds = suite_stress();
	race->first = (struct side){
		.race = race, .cpu = race->first.cpu, .round = first, .random = suite_seed()
	};
	race->other = (struct side){ .race = race,
				     .cpu = race->other.cpu,
				     .round = other,
				     .random = suite_seed() * 7919 + 1 };
	error = pthread_create(&thread, NULL, run_other, &race->other);
	if (error)
		syscall_failed("pthread_create", error);
	run_first(&race->first);
	pthread_join(thread, NULL);
	on_cpu(race->first.cpu);
	expect(!race->first.wrong[0], "after %ld rounds against %ld: %s", race->first.rounds,
	       race->other.rounds, race->first.wrong);
	expect(!race->other.wrong[0], "after %ld rounds against %ld: %s", race->other.rounds,
	       race->first.rounds, race->other.wrong);
	if (!race->other.rounds)
		broken("the two sides never met: %ld rounds of one, none of the other",
		       race->first.rounds);
	report_line("note:", "%ld rounds against %ld", race->first.rounds, race->other.rounds);
}

FIXTURE(races)
{
	struct story story;
	struct device remote;
	struct race race;
};

FIXTURE_VARIANT(races)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(races, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(races, private) { .place = PLACE_PRIVATE };

FIXTURE_SETUP(races)
{
	story_begin(&self->story, variant->place, false, PAGES);
	self->race = (struct race){ .story = &self->story, .limit = ROUNDS };
}

FIXTURE_TEARDOWN(races)
{
	story_end(&self->story);
}

/* A word of page @page that only its writer changes, and only upwards. */
static volatile uint64_t *counter(struct story *s, size_t page)
{
	return (volatile uint64_t *)buffer_page(&s->buffer, page) + 16;
}

static void reset_counters(struct story *s)
{
	size_t i;

	for (i = 0; i < s->buffer.pages; i++)
		*counter(s, i) = 0;
	story_migrate_to_device(s);
}

/* One writer, one word a page: what it wrote last is what is there. */
static void count_up(struct side *side)
{
	struct story *s = side->race->story;
	static uint64_t written[PAGES];
	size_t i;

	for (i = 0; i < PAGES; i++) {
		uint64_t seen = *counter(s, i);

		if (seen != written[i])
			went_wrong(side,
				   "page %zu holds %llu where its only writer wrote %llu last", i,
				   (unsigned long long)seen, (unsigned long long)written[i]);
		*counter(s, i) = ++written[i];
	}
}

static void to_and_fro(struct side *side)
{
	struct story *s = side->race->story;

	story_migrate_to_device(s);
	dither(side);
	story_migrate_back(s);
}

/*
 * When all is over, nobody holds anything: every page can go to the device, and
 * is counted once there. Only the LRU batch of a processor where GUP touched a
 * page may still have a reference to it (folio_activate(), mm/swap.c).
 * Migration drains that of the processor it runs on (lru_add_drain() in
 * migrate_device_unmap()), so it runs on each of the two.
 */
static void expect_settled(struct race *race)
{
	struct story *s = race->story;
	size_t i;

	on_cpu(race->other.cpu);
	story_migrate_to_device(s);
	on_cpu(race->first.cpu);
	story_migrate_to_device(s);
	for (i = 0; i < s->buffer.pages; i++) {
		set_rule(RULE_ENTRY);
		expect_at(s, i, s->place);
		if (s->place == PLACE_COHERENT && features.gup_test) {
			set_rule(RULE_REFERENCE_A_MAPPING);
			expect_counted(s, i, 1, 1);
		}
	}
}

SCENARIO(races, writer_and_migrator,
	 "a writer never finds an older word than it wrote last, while its pages go to the device "
	 "and back")
{
	reset_counters(&self->story);
	set_rule(RULE_ENTRY);
	run_race(&self->race, to_and_fro, count_up);
	expect_settled(&self->race);
}

static void count_and_migrate(struct side *side)
{
	count_up(side);
	story_migrate_to_device(side->race->story);
	count_up(side);
	story_migrate_back(side->race->story);
	count_up(side);
}

static void remote_to_and_fro(struct side *side)
{
	struct buffer *buffer = &side->race->story->buffer;

	device_move_to(side->race->second, buffer->addr, buffer->pages);
	dither(side);
	device_move_back(side->race->second, buffer->addr, buffer->pages);
}

SCENARIO(races, two_migrators,
	 "two devices that both want the same pages: each page is in one place, and no word is "
	 "lost")
{
	device_open(&self->remote, PLACE_REMOTE, BUFFER_PAGES_MAX);
	self->race.second = &self->remote;
	reset_counters(&self->story);
	set_rule(RULE_ENTRY);
	run_race(&self->race, count_and_migrate, remote_to_and_fro);
	expect_settled(&self->race);
	device_close(&self->remote);
}

/* Every short-term reference is to be had at any time: what is being migrated is waited for. */
static void take_references(struct side *side, bool fast)
{
	struct story *s = side->race->story;
	unsigned int draw = dither(side);
	struct pin_kind kind = { .pin = draw & 1, .write = draw & 2, .fast = fast };
	unsigned char *addr = buffer_page(&s->buffer, draw / 4 % PAGES);
	long got = pin_pages(kind, addr, 1);

	if (got != (long)features.page_size)
		went_wrong(side, "%s for %s got %ld bytes of a page that is being migrated",
			   kind.pin ? "a pin" : "a reference", kind.write ? "writing" : "reading",
			   got);
	kind.pin = kind.longterm = true;
	got = pin_pages(kind, addr, 1);
	/*
	 * A long-term pin has to move the page itself; when somebody else is
	 * about to, it may give up (EBUSY).
	 */
	if (got && got != (long)features.page_size)
		went_wrong(side, "a long-term pin got %ld bytes of one page", got);
}

static void take_references_slow(struct side *side)
{
	take_references(side, false);
}

static void take_references_fast(struct side *side)
{
	take_references(side, true);
}

SCENARIO(races, gup_fast_and_migrator,
	 "GUP-fast gets a page at any moment of its migration, and lets go of all it got")
{
	need(features.gup_test, SKIP_NO_GUP_TEST);
	set_rule(RULE_SHORT_PIN_STAYS);
	run_race(&self->race, to_and_fro, take_references_fast);
	expect_settled(&self->race);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_owner_sees(&self->story, 0, BY_OWNER);
}

SCENARIO(races, gup_slow_and_migrator, "the same for GUP with the lock held")
{
	need(features.gup_test, SKIP_NO_GUP_TEST);
	set_rule(RULE_SHORT_PIN_STAYS);
	run_race(&self->race, to_and_fro, take_references_slow);
	expect_settled(&self->race);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_owner_sees(&self->story, 0, BY_OWNER);
}

/*
 * The owner writes only when no transfer is under way, so this holds for
 * FOLL_GET too; see open(2), O_DIRECT.
 */
static void read_directly(struct side *side)
{
	struct story *s = side->race->story;
	long got;

	write_page(s->buffer.addr, s->buffer.serial, 0, BY_OWNER_AGAIN);
	got = pread(s->medium.fd, s->buffer.addr, features.page_size, 0);
	if (got != (long)features.page_size)
		went_wrong(side, "O_DIRECT read: %ld, %s", got,
			   got < 0 ? strerror(errno) : "short");
	else if (read_page(s->buffer.addr, s->buffer.serial, 0, BY_OWNER_AGAIN, BY_MEDIUM) !=
		 DATA_NEW)
		went_wrong(side, "a transfer is over, and its bytes are not in the page");
	if (!(side->rounds % 8))
		story_migrate_to_device(s);
}

static void fork_and_exit(struct side *side)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(0);
	if (pid < 0 && is_lack(errno))
		broken("fork: %s", strerror(errno));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		went_wrong(side, "fork: %s, or a bad end of the child", strerror(errno));
}

SCENARIO(races, fork_and_direct_io,
	 "the bytes of a direct read are the parent's, however many children came and went "
	 "meanwhile")
{
	story_medium(&self->story, ON_RAW);
	set_rule(RULE_BYTES_ARRIVE);
	run_race(&self->race, read_directly, fork_and_exit);
	expect_settled(&self->race);
}

/*
 * What is read-only after mprotect() stays so, though somebody asks for it to
 * be writable all the time.
 */
static void protect_and_look(struct side *side)
{
	struct story *s = side->race->story;
	struct pin_kind write = { .pin = true, .write = true, .fast = true };

	protect_memory(s->buffer.addr, s->buffer.size, PROT_READ);
	if (pin_pages(write, s->buffer.addr, 1))
		went_wrong(side, "a read-only page was pinned for writing");
	if (s->place == PLACE_COHERENT &&
	    device_snapshot(&s->device, s->buffer.addr).permission == PERM_RW)
		went_wrong(side,
			   "a page is writable in the page table while its mapping is read-only");
	protect_memory(s->buffer.addr, s->buffer.size, PROT_READ | PROT_WRITE);
	*counter(s, 0) += 1;
}

static void pin_for_writing(struct side *side)
{
	struct story *s = side->race->story;
	struct pin_kind kind = { .pin = true, .write = true, .fast = dither(side) & 1 };
	long got = pin_pages(kind, s->buffer.addr, 1);

	if (got && got != (long)features.page_size)
		went_wrong(side, "a pin got %ld bytes of one page", got);
}

SCENARIO(races, protect_and_gup_fast, "mprotect to R/O holds against GUP-fast that wants to write")
{
	struct story *s = &self->story;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	*counter(s, 0) = 0;
	story_migrate_to_device(s);
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	run_race(&self->race, protect_and_look, pin_for_writing);
	set_rule(RULE_BYTES_ARRIVE);
	expect((long)*counter(s, 0) == self->race.first.rounds, "%ld of %ld writes are in the page",
	       (long)*counter(s, 0), self->race.first.rounds);
	expect_settled(&self->race);
}

/*
 * A mapping that comes and goes at one address. A frame that leaked would be
 * another one each time.
 */
static void map_migrate_unmap(struct side *side)
{
	struct story *s = side->race->story;
	static unsigned long seen[2 * PAGES];
	static size_t known;
	struct page page;
	size_t i;

	if (mmap(s->buffer.addr, s->buffer.size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		went_wrong(side, "mmap: %s", strerror(errno));
	advise_memory(s->buffer.addr, s->buffer.size, MADV_NOHUGEPAGE);
	memset(s->buffer.addr, 0x5a, s->buffer.size);
	story_migrate_to_device(s);
	page = page_at(0, s->buffer.addr);
	for (i = 0; i < known && seen[i] != page.pfn; i++)
		;
	if (page.at == s->place && i == known) {
		if (known < ARRAY_SIZE(seen))
			seen[known++] = page.pfn;
		else
			went_wrong(side,
				   "more than %zu frames of the device were in use one after the "
				   "other for %d pages",
				   known, PAGES);
	}
	unmap_memory(s->buffer.addr, s->buffer.size);
}

/*
 * After 6.1, GUP-fast that moves a page off the device while it is unmapped
 * uses memory that was freed (docs/findings.md, anon-vma-is-gone): what comes
 * of that is anybody's guess. Decided once, for both sides of the race.
 * destructive.unmapped-while-moved is the test of it.
 */
static bool fast_is_safe;

/*
 * For writing: gup_test itself complains about a pin of the zero page, which is
 * what reading an empty place gives (docs/findings.md).
 */
static void pin_whatever_is_there(struct side *side)
{
	struct story *s = side->race->story;
	unsigned int draw = dither(side);
	struct pin_kind kind = { .pin = true, .longterm = true, .write = true, .fast = draw & 2 };
	long got;

	kind.fast = kind.fast && fast_is_safe;
	got = pin_pages(kind, buffer_page(&s->buffer, draw / 4 % PAGES), 1);
	if (got && got != (long)features.page_size)
		went_wrong(side, "a long-term pin got %ld bytes of one page", got);
}

SCENARIO(races, unmap_and_longterm_pin,
	 "a long-term pin that meets munmap gets the page or does not, and no page is lost either "
	 "way")
{
	struct story *s = &self->story;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	fast_is_safe = s->place != PLACE_COHERENT || kernel_has(CHANGE_PIN_KEEPS_ANON_VMA) ||
		       machine_is_apart();
	if (!fast_is_safe)
		report_line("note:",
			    "without GUP-fast on this kernel: docs/findings.md, anon-vma-is-gone");
	/*
	 * Each pin that moves a page first empties the batches of all
	 * processors, which takes its time.
	 */
	self->race.limit = ROUNDS / 4;
	set_rule(RULE_FREED_TO_DRIVER);
	run_race(&self->race, map_migrate_unmap, pin_whatever_is_there);
	if (mmap(s->buffer.addr, s->buffer.size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_NOHUGEPAGE);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER);
	expect_settled(&self->race);
}

/* See docs/findings.md, batch-blocks-migration. */
SCENARIO(races, touched_elsewhere,
	 "a page that GUP touched on another processor goes to the device, at the latest when "
	 "that one's LRU batch is empty")
{
	const struct pin_kind get = { .write = true };
	struct story *s = &self->story;
	int times;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	take_two_cpus(&self->race);
	on_cpu(self->race.first.cpu);
	story_migrate_back(s);
	/*
	 * A process that ends here empties this processor's batch: the pages
	 * are on the LRU list.
	 */
	child_fork(&s->child);
	child_leave(&s->child);
	on_cpu(self->race.other.cpu);
	set_rule(RULE_SHORT_PIN_STAYS);
	for (times = 0; times < 3; times++)
		expect_result("bytes that GUP got", pin_pages(get, s->buffer.addr, 1),
			      features.page_size);
	on_cpu(self->race.first.cpu);
	story_migrate_to_device(s);
	report_line("note:", "after migration on the first processor it is %s",
		    place_name(page_at(0, s->buffer.addr).at));
	expect_settled(&self->race);
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_races", argc, argv);
}
