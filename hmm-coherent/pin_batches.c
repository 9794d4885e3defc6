// SPDX-License-Identifier: GPL-2.0
/*
 * A long-term pin of a page that is in an LRU batch of another processor
 *
 * The batch holds a reference to the page, and the page is not on its LRU list
 * or cannot be isolated. A long-term pin has to drain the batches before it
 * moves the page, and must neither fail nor pin the page where it is.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/pin.h"
#include "story/story.h"

/* One page for each kind of pin. */
static const struct pin_kind kinds[] = {
	{ .pin = true, .longterm = true },
	{ .pin = true, .longterm = true, .write = true },
	{ .pin = true, .longterm = true, .fast = true },
	{ .pin = true, .longterm = true, .fast = true, .write = true },
};

#define PAGES ARRAY_SIZE(kinds)

FIXTURE(pin_batches)
{
	struct story story;
};

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		syscall_failed("sched_setaffinity", errno);
}

/* The batch of new pages. The pages get new frames, in the same zone. */
static void batch_new(struct story *s)
{
	advise_memory(s->buffer.addr, s->buffer.size, MADV_DONTNEED);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER);
}

/* The batch of pages to activate: GUP marks them as accessed, three times. */
static void batch_accessed(struct story *s)
{
	static unsigned char bytes[PAGES * 65536];
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), i;

	for (i = 0; i < 3; i++)
		if (pread(mem, bytes, s->buffer.size, (uintptr_t)s->buffer.addr) !=
		    (ssize_t)s->buffer.size)
			syscall_failed("/proc/self/mem", errno);
	close(mem);
}

/* The batch of pages that become unevictable or evictable. */
static void batch_locked(struct story *s)
{
	if (mlock(s->buffer.addr, s->buffer.size))
		syscall_failed("mlock", errno);
}

static void batch_unlocked(struct story *s)
{
	batch_locked(s);
	drain_lru_batches();
	if (munlock(s->buffer.addr, s->buffer.size))
		syscall_failed("munlock", errno);
}

/* The batch of pages to deactivate. */
static void batch_cold(struct story *s)
{
	batch_accessed(s);
	drain_lru_batches();
	advise_memory(s->buffer.addr, s->buffer.size, MADV_COLD);
}

/* The batch of pages to free lazily. They are written again, so that they stay. */
static void batch_free(struct story *s)
{
	advise_memory(s->buffer.addr, s->buffer.size, MADV_FREE);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER);
}

FIXTURE_VARIANT(pin_batches)
{
	void (*fill)(struct story *s);
};

FIXTURE_VARIANT_ADD(pin_batches, new_pages) { .fill = batch_new };
FIXTURE_VARIANT_ADD(pin_batches, accessed) { .fill = batch_accessed };
FIXTURE_VARIANT_ADD(pin_batches, locked) { .fill = batch_locked };
FIXTURE_VARIANT_ADD(pin_batches, unlocked) { .fill = batch_unlocked };
FIXTURE_VARIANT_ADD(pin_batches, cold) { .fill = batch_cold };
FIXTURE_VARIANT_ADD(pin_batches, freeable) { .fill = batch_free };

WHY_NOT(pin_batches)
{
	/* docs/findings.md, batch-blocks-migration: other batches hold a reference. */
	return strcmp(test, "migrated") || variant->fill == batch_new ?
		       NULL :
		       "a page in this batch may stay";
}

FIXTURE_SETUP(pin_batches)
{
	need(pin_available(), SKIP_NO_GUP_TEST);
	need(features.movable, SKIP_NO_MOVABLE);
	story_begin(&self->story, PLACE_MOVABLE, false, PAGES);
	drain_lru_batches();
}

FIXTURE_TEARDOWN(pin_batches)
{
	story_end(&self->story);
}

/* With one processor, the page is in the batch of this one. */
SCENARIO(pin_batches, of_another_processor,
	 "a long-term pin by slow or fast GUP, for reading or writing, gets the page at once and "
	 "moves it out of ZONE_MOVABLE with its bytes")
{
	struct story *s = &self->story;
	const int last = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		run_on(last);
		variant->fill(s);
		run_on(0);
		set_rule(RULE_LONGTERM_LEAVES_MOVABLE);
		must(story_page(s, i).at == PLACE_MOVABLE,
		     "page %zu is not in ZONE_MOVABLE", i);
		expect_result("bytes pinned",
			      pin_pages(kinds[i], buffer_page(&s->buffer, i), 1),
			      features.page_size);
		expect_at(s, i, PLACE_SYSTEM);
		expect_owner_sees(s, i, BY_OWNER);
		expect_mapped(s, i, PERM_RW);
	}
}

SCENARIO(pin_batches, migrated,
	 "a page in the batch of another processor is migrated to the device at once")
{
	struct story *s = &self->story;

	run_on(sysconf(_SC_NPROCESSORS_ONLN) - 1);
	variant->fill(s);
	run_on(0);
	device_move_to(&s->device, s->buffer.addr, PAGES);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_pin_batches", argc, argv);
}
