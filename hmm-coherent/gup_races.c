// SPDX-License-Identifier: GPL-2.0
/*
 * Races between GUP on one processor and migration, mprotect() or munmap() on
 * another
 */
#include "races.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "see/pin.h"

/*
 * GUP without FOLL_LONGTERM must succeed at any time: it waits for a page that
 * is being migrated.
 */
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
	kind.pin = true;
	kind.longterm = true;
	got = pin_pages(kind, addr, 1);
	/*
	 * A long-term pin must move the page; it may fail if another migration
	 * of the page is in progress (EBUSY).
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
	 "GUP-fast gets a page at any time during its migration, and no reference is left")
{
	need(features.gup_test, SKIP_NO_GUP_TEST);
	set_rule(RULE_SHORT_PIN_STAYS);
	run_race(&self->race, race_migrate, take_references_fast);
	expect_settled(&self->race);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_owner_sees(&self->story, 0, BY_OWNER);
}

SCENARIO(races, gup_slow_and_migrator, "the same for slow GUP")
{
	need(features.gup_test, SKIP_NO_GUP_TEST);
	set_rule(RULE_SHORT_PIN_STAYS);
	run_race(&self->race, race_migrate, take_references_slow);
	expect_settled(&self->race);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_owner_sees(&self->story, 0, BY_OWNER);
}

/*
 * A page that mprotect() made read-only stays so, although another thread pins
 * it for writing all the time.
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
			   "the PTE of a page is writable while its mapping is read-only");
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

SCENARIO(races, protect_and_gup_fast,
	 "a page that mprotect() made read-only cannot be pinned for writing by GUP-fast")
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
 * Map, migrate and unmap pages at one address. If frames leaked, each round
 * would get other ones.
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
				   "the device has used more than %zu frames for %d pages: frames "
				   "leak",
				   known, PAGES);
	}
	unmap_memory(s->buffer.addr, s->buffer.size);
}

/*
 * After 6.1, GUP-fast accesses freed memory if it moves a page off the device
 * while the page is unmapped (docs/findings.md, anon-vma-is-gone); the result
 * is undefined. So GUP-fast is not used then. destructive.unmapped-while-moved
 * tests it.
 */
static bool fast_is_safe;

/*
 * Pin for writing: a pin for reading of an unmapped page returns the zero page,
 * about which gup_test complains (docs/findings.md).
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
	 "a long-term pin during munmap() gets the page or fails, and no page leaks")
{
	struct story *s = &self->story;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	fast_is_safe = s->place != PLACE_COHERENT || kernel_has(CHANGE_PIN_KEEPS_ANON_VMA) ||
		       machine_is_apart();
	if (!fast_is_safe)
		report_line("note:",
			    "GUP-fast is not used on this kernel: docs/findings.md, "
			    "anon-vma-is-gone");
	/*
	 * Fewer rounds, since each pin that moves a page first drains the
	 * batches of all processors.
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
	 "a page that GUP touched on another processor can be migrated, at the latest after that "
	 "processor's LRU batch was drained")
{
	const struct pin_kind get = { .write = true };
	struct story *s = &self->story;
	int times;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	take_two_cpus(&self->race);
	on_cpu(self->race.first.cpu);
	story_migrate_back(s);
	/*
	 * The exit of a process drains the batch of this processor, so that the
	 * pages are on the LRU list.
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
	report_line("note:", "after migration on the first processor the page is %s",
		    place_name(page_at(0, s->buffer.addr).at));
	expect_settled(&self->race);
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_gup_races", argc, argv);
}
