// SPDX-License-Identifier: GPL-2.0
/*
 * Two processors at once: GUP while pages migrate, are protected or unmapped
 */
#include "races.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "see/pin.h"

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
	kind.pin = true;
	kind.longterm = true;
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
	run_race(&self->race, race_migrate, take_references_fast);
	expect_settled(&self->race);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_owner_sees(&self->story, 0, BY_OWNER);
}

SCENARIO(races, gup_slow_and_migrator, "the same for GUP with the lock held")
{
	need(features.gup_test, SKIP_NO_GUP_TEST);
	set_rule(RULE_SHORT_PIN_STAYS);
	run_race(&self->race, race_migrate, take_references_slow);
	expect_settled(&self->race);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_owner_sees(&self->story, 0, BY_OWNER);
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
	return harness_main("hmm_coherent_gup_races", argc, argv);
}
