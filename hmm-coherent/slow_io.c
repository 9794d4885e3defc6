// SPDX-License-Identifier: GPL-2.0
/*
 * Events while a transfer to a page is in flight: fork, writes by parent and
 * child, mprotect, munmap, migration, long-term pins (S3, S7)
 *
 * The transfers are O_DIRECT reads from a device that is suspended
 * (reach/dm_suspend.h), so that the body of a test runs before the bytes
 * arrive. O_DIRECT holds a FOLL_GET reference up to 6.4 and FOLL_PIN since 6.5;
 * only with FOLL_PIN fork() is safe, see open(2).
 */
#include "suite/harness.h"

#include <errno.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "reach/next_frames.h"
#include "reach/transfer.h"
#include "see/pin.h"
#include "story/story.h"

/* The transfer is in flight when the body of a test begins; each body waits for its completion. */
FIXTURE(slow_io)
{
	struct story story;
	struct transfer transfer;
};

FIXTURE_VARIANT(slow_io)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(slow_io, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(slow_io, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(slow_io)
{
	story_begin(&self->story, variant->place, false, 1);
	story_medium(&self->story, ON_SLOW);
	transfer_start_read(&self->transfer, self->story.medium.fd, self->story.buffer.addr,
			    self->story.buffer.size);
}

FIXTURE_TEARDOWN(slow_io)
{
	story_end(&self->story);
}

/* Let the transfer complete, and return its result. */
static long landed(struct story *s, struct transfer *transfer)
{
	story_dma_lands(s);
	return transfer_finish(transfer);
}

SCENARIO(slow_io, page_waits_for_its_bytes,
	 "a page stays on its device while a transfer to it is in flight, and the bytes arrive "
	 "there")
{
	struct story *s = &self->story;

	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), s->buffer.size);
	expect_owner_sees(s, 0, BY_MEDIUM);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_stays(s, 0);
}

SCENARIO(slow_io, migration_meets_transfer,
	 "a page with a transfer in flight is not migrated, and the bytes arrive")
{
	struct story *s = &self->story;

	if (story_on_device(s))
		story_migrate_back(s);
	else
		story_migrate_to_device(s);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	set_rule(RULE_PINNED_STAYS);
	expect_stays(s, 0);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), s->buffer.size);
	expect_owner_sees(s, 0, BY_MEDIUM);
}

SCENARIO(slow_io, unmap_meets_transfer,
	 "a page that is unmapped with a transfer in flight is returned to the driver only when "
	 "the transfer has completed")
{
	struct story *s = &self->story;
	struct buffer next;

	/*
	 * docs/findings.md, test-hmm-lock-in-interrupt:
	 * destructive.freed-by-transfer tests this bug of the driver.
	 */
	need(!story_on_device(s) || !lockdep_watches(), SKIP_LOCKDEP_STOPS_TRANSFER);
	buffer_unmap(&s->buffer);
	next_frames_take(&next, 1, &s->device, s->place);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	/* The frame must not be handed out while the DMA is in flight. */
	set_rule(RULE_FREED_TO_DRIVER);
	expect(!next_frames_count(&next, s->frames[0]),
	       "page frame 0x%lx was handed out again while a transfer into it is in flight",
	       s->frames[0]);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), features.page_size);
	expect_bytes(next.addr, next.serial, 0, BY_OTHER,
		     "bytes of another page, after the transfer");
	next_frames_return(&next);
	s->buffer.pages = 0;
}

SCENARIO(slow_io, fork_meets_transfer,
	 "after fork() with a transfer in flight the parent gets the bytes; if O_DIRECT pins, it "
	 "keeps the page")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	if (features.dio_pins) {
		set_rule(RULE_PIN_FOLLOWS_OWNER);
		expect_stays(s, 0);
		expect_mapped(s, 0, PERM_RW);
		expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	} else {
		/*
		 * open(2), O_DIRECT: unsafe with fork(). The page is shared,
		 * and the first writer does not see the transfer.
		 */
		report_line("note:",
			    "this kernel's O_DIRECT does not pin: fork during a transfer is "
			    "documented as unsafe");
		set_rule(RULE_GET_LEAVES_SHARED);
		expect_stays(s, 0);
		expect_child_keeps_frame(s, &s->child, 0);
	}
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), s->buffer.size);
	expect_owner_sees(s, 0, BY_MEDIUM);
	if (features.dio_pins) {
		set_rule(RULE_NO_LEAK);
		expect_child_sees(s, &s->child, 0, BY_OWNER);
	}
}

/*
 * The child's write copies the current bytes of the page. The transfer still
 * goes to the original page.
 */
SCENARIO(slow_io, child_writes_meanwhile,
	 "after fork() and a write by the child with a transfer in flight, the parent gets the "
	 "bytes and the child does not")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_NO_LEAK);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), s->buffer.size);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_MEDIUM);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
}

SCENARIO(slow_io, parent_writes_meanwhile,
	 "after fork() and a write by the parent with a transfer in flight, the parent gets the "
	 "bytes if O_DIRECT pins")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	story_write(s, 0);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	if (features.dio_pins) {
		set_rule(RULE_PIN_FOLLOWS_OWNER);
		expect_stays(s, 0);
	} else {
		/*
		 * The write went to a copy: the transfer goes to a page that
		 * only the child maps.
		 */
		set_rule(RULE_SHARED_IS_COPIED);
		expect_copied(s, 0);
	}
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), s->buffer.size);
	if (features.dio_pins) {
		expect_owner_sees(s, 0, BY_MEDIUM);
		set_rule(RULE_NO_LEAK);
		expect_child_sees(s, &s->child, 0, BY_OWNER);
	} else {
		report_line("note:",
			    "this kernel's O_DIRECT does not pin: the parent has written and does "
			    "not see the transfer (open(2))");
		set_rule(RULE_NO_LEAK);
		expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	}
}

SCENARIO(slow_io, protection_meets_transfer,
	 "a transfer in flight completes in a page that is made read-only, and a later write is "
	 "done in place")
{
	struct story *s = &self->story;

	story_protect(s, 0, 1, PROT_READ);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_mapped(s, 0, PERM_RO);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), s->buffer.size);
	expect_owner_sees(s, 0, BY_MEDIUM);
	story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

/*
 * The page cannot be moved while the transfer holds it, so a long-term pin
 * fails. A short-term pin does not move it.
 */
SCENARIO(slow_io, longterm_pin_meets_transfer,
	 "with a transfer in flight, a long-term pin of a page on the device fails and a "
	 "short-term pin works; afterwards both work")
{
	struct story *s = &self->story;
	struct pin_kind longterm = { .pin = true, .write = true, .longterm = true },
			brief = { .pin = true, .write = true };
	const long refused = story_on_device(s) ? 0 : features.page_size;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	set_rule(RULE_PINNED_STAYS);
	expect_result("a long-term pin (bytes)", pin_pages(longterm, s->buffer.addr, 1), refused);
	longterm.fast = true;
	expect_result("a long-term pin by GUP-fast (bytes)", pin_pages(longterm, s->buffer.addr, 1),
		      refused);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_result("a short-term pin (bytes)", pin_pages(brief, s->buffer.addr, 1),
		      features.page_size);
	expect_stays(s, 0);
	transfer_prove_in_flight(&self->transfer, &s->suspension);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("completion", landed(s, &self->transfer), s->buffer.size);
	expect_owner_sees(s, 0, BY_MEDIUM);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("a long-term pin afterwards (bytes)", pin_pages(longterm, s->buffer.addr, 1),
		      features.page_size);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_owner_sees(s, 0, BY_MEDIUM);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_slow_io", argc, argv);
}
