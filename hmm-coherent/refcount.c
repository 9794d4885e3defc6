// SPDX-License-Identifier: GPL-2.0
/*
 * Reference counts of mapped device pages (S4)
 *
 * When coherent memory was proposed, device pages had one reference more than
 * ordinary pages, so do_wp_page() could never reuse one. The counts here are
 * from dump_page(). Only the counts of device pages are exact: an ordinary page
 * may have one more reference from a per-CPU batch for an LRU list.
 */
#include "suite/harness.h"

#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/since.h"
#include "reach/transfer.h"
#include "see/dump.h"
#include "see/pin.h"
#include "story/story.h"

/* GUP_PIN_COUNTING_BIAS, include/linux/mm.h: the references that FOLL_PIN adds. */
#define PIN_BIAS 1024

FIXTURE(refcount)
{
	struct story story;
	int offset;
};

FIXTURE_VARIANT(refcount)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(refcount, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(refcount, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };

FIXTURE_SETUP(refcount)
{
	need(features.gup_test, SKIP_NO_GUP_TEST);
	story_begin(&self->story, variant->place, variant->read_only, 2);
	self->offset = !kernel_has(CHANGE_NO_COUNT_OFFSET);
}

FIXTURE_TEARDOWN(refcount)
{
	story_end(&self->story);
}

/*
 * Check the counts of page 0, and that page 1 still has one reference for each
 * of @sharers mappings.
 */
static void expect_counts(struct story *s, int offset, int references, int sharers)
{
	set_rule(RULE_REFERENCE_A_MAPPING);
	expect_counted(s, 0, references + offset, sharers);
	expect_counted(s, 1, sharers + offset, sharers);
}

SCENARIO(refcount, mapped_once,
	 "a page that is mapped once has one reference, also after changes of its protection")
{
	struct story *s = &self->story;

	expect_counts(s, self->offset, 1, 1);
	story_make_writable(s);
	story_write(s, 0);
	story_protect(s, 0, 2, PROT_READ);
	expect_counts(s, self->offset, 1, 1);
	expect_stays(s, 0);
}

SCENARIO(refcount, shared,
	 "each process that maps a page adds a reference, which its exit removes")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	expect_counts(s, self->offset, 2, 2);
	child_fork(&s->second_child);
	expect_counts(s, self->offset, 3, 3);
	child_leave(&s->child);
	expect_counts(s, self->offset, 2, 2);
	child_kill(&s->second_child);
	expect_counts(s, self->offset, 1, 1);
	expect_stays(s, 0);
}

SCENARIO(refcount, copied_from,
	 "a process that gets a copy drops its reference to the original page")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (s->read_only)
		expect_result("the child's mprotect",
			      child_protect(&s->child, &s->buffer, PROT_READ | PROT_WRITE), 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	set_rule(RULE_REFERENCE_A_MAPPING);
	expect_counted(s, 0, 1 + self->offset, 1);
	expect_counted(s, 1, 2 + self->offset, 2);
}

SCENARIO(refcount, reference_held, "a GUP reference that is not a pin counts one while it is held")
{
	struct story *s = &self->story;

	story_hold(s, 0);
	expect_counts(s, self->offset, 2, 1);
	story_let_go(s);
	expect_counts(s, self->offset, 1, 1);
}

SCENARIO(refcount, transfer_in_flight,
	 "O_DIRECT adds one reference, or 1024 if it pins the page, until the transfer has "
	 "completed")
{
	const int dma = features.dio_pins ? PIN_BIAS : 1;
	struct story *s = &self->story;
	struct transfer transfer;

	story_make_writable(s);
	story_medium(s, ON_SLOW);
	transfer_start_read(&transfer, s->medium.fd, s->buffer.addr, features.page_size);
	expect_counts(s, self->offset, 1 + dma, 1);
	transfer_prove_in_flight(&transfer, &s->suspension);
	story_dma_lands(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", transfer_finish(&transfer), features.page_size);
	expect_owner_sees(s, 0, BY_MEDIUM);
	expect_counts(s, self->offset, 1, 1);
}

SCENARIO(refcount, migrated_again,
	 "a page that was migrated to memory and to the device again has one reference")
{
	struct story *s = &self->story;

	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_at(s, 0, PLACE_SYSTEM);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	expect_counts(s, self->offset, 1, 1);
}

/*
 * The pin adds its references to a page of memory. The page of the device is
 * freed; a pin of it would leave a count.
 */
SCENARIO(refcount, longterm_pinned,
	 "a long-term pin adds 1024 references to the page of memory that replaced the device page")
{
	struct story *s = &self->story;
	struct page_dump pinned, released;
	int worth;

	story_ring(s);
	story_make_writable(s);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("registration", ring_register(&s->ring, s->buffer.addr, features.page_size),
		      0);
	expect_at(s, 0, PLACE_SYSTEM);
	pinned = page_dump_checked(s->buffer.addr);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	released = page_dump_checked(s->buffer.addr);
	set_rule(RULE_REFERENCE_A_MAPPING);
	/* Tolerate the reference of a per-CPU batch. */
	worth = pinned.refcount - released.refcount;
	expect(worth >= PIN_BIAS - 1 && worth <= PIN_BIAS + 1,
	       "the pin adds %d references (%d with it, %d without), not %d", worth,
	       pinned.refcount, released.refcount, PIN_BIAS);
	expect_counted(s, 1, 1 + self->offset, 1);
	expect_stays(s, 1);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_refcount", argc, argv);
}
