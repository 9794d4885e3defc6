// SPDX-License-Identifier: GPL-2.0
#include "story/race.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"
#include "report/report.h"

/*
 * Most seconds of a race with a number of rounds. On a loaded machine a round
 * takes long, and the test must end before its time limit.
 */
#define MOST_S 10

/*
 * A side whose round takes this long is starved by the other: a fault waits for the
 * end of a migration (migration_entry_wait()), and on a loaded machine the next one
 * has begun before the thread runs again. The other side then waits for it.
 */
#define STARVED_MS 500

void went_wrong(struct side *side, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (!side->wrong[0])
		vsnprintf(side->wrong, sizeof(side->wrong), fmt, args);
	va_end(args);
}

unsigned int dither(struct side *side)
{
	volatile unsigned int spin;

	side->random = side->random * 1664525u + 1013904223u;
	for (spin = side->random >> 22; spin; spin--)
		;
	return side->random >> 8;
}

void on_cpu(int cpu)
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

/*
 * Wait for the end of the first side's round, which is its @rounds-th and has run
 * since @began_ms.
 */
static void let_first_end(struct race *race, long *rounds, long *began_ms)
{
	while (race->first.rounds == *rounds && now_ms() - *began_ms >= STARVED_MS &&
	       !atomic_load(&race->over))
		poll(NULL, 0, 1);
	if (race->first.rounds != *rounds) {
		*rounds = race->first.rounds;
		*began_ms = now_ms();
	}
}

static void *run_other(void *arg)
{
	struct side *side = arg;
	long rounds = -1, began_ms = 0;

	meet(side);
	while (!atomic_load(&side->race->over)) {
		/* In its first round the first side may wait for this one: see goes_on(). */
		if (side->rounds)
			let_first_end(side->race, &rounds, &began_ms);
		dither(side);
		side->round(side);
		side->rounds++;
	}
	return NULL;
}

static bool goes_on(struct race *race, long began_ms)
{
	const long most = (race->seconds + 2 * MOST_S) * 1000;
	long ms = now_ms() - began_ms;

	/* Wait for the end of the other side's first round. */
	while (!race->other.rounds && ms >= STARVED_MS && ms < most) {
		poll(NULL, 0, 1);
		ms = now_ms() - began_ms;
	}
	if (!race->other.rounds)
		return ms < STARVED_MS;
	if (race->seconds)
		return ms < race->seconds * 1000;
	return race->first.rounds < race->limit && ms < MOST_S * 1000;
}

static void run_first(struct side *side)
{
	long began_ms;

	meet(side);
	began_ms = now_ms();
	while (goes_on(side->race, began_ms) && !side->wrong[0]) {
		dither(side);
		side->round(side);
		side->rounds++;
	}
	atomic_store(&side->race->over, true);
}

/*
 * Tests run on one processor. Request all processors, and use two of those that
 * the kernel allows.
 */
void take_two_cpus(struct race *race)
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

void run_race(struct race *race, void (*first)(struct side *), void (*other)(struct side *))
{
	pthread_t thread;
	int error;

	take_two_cpus(race);
	race->first = (struct side){
		.race = race, .cpu = race->first.cpu, .round = first, .random = race->seed
	};
	race->other = (struct side){ .race = race,
				     .cpu = race->other.cpu,
				     .round = other,
				     .random = race->seed * 7919 + 1 };
	error = pthread_create(&thread, NULL, run_other, &race->other);
	if (error)
		syscall_failed("pthread_create", error);
	run_first(&race->first);
	pthread_join(thread, NULL);
	on_cpu(race->first.cpu);
	expect(!race->first.wrong[0],
	       "after %ld rounds of this side and %ld of the other: %s", race->first.rounds,
	       race->other.rounds, race->first.wrong);
	expect(!race->other.wrong[0],
	       "after %ld rounds of this side and %ld of the other: %s", race->other.rounds,
	       race->first.rounds, race->other.wrong);
	if (!race->other.rounds)
		broken("the sides did not run at the same time: %ld rounds of one, none of the "
		       "other",
		       race->first.rounds);
	report_line("note:",
		    "%ld rounds of the first side, %ld of the other",
		    race->first.rounds, race->other.rounds);
}

void race_migrate(struct side *side)
{
	struct story *s = side->race->story;

	story_migrate_to_device(s);
	dither(side);
	story_migrate_back(s);
}

/*
 * The LRU batch of a processor on which GUP touched a page may still have a
 * reference to it (folio_activate(), mm/swap.c). Migration drains the batch of
 * its own processor (lru_add_drain() in migrate_device_unmap()), so migrate on
 * each of the two processors.
 */
void expect_settled(struct race *race)
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
