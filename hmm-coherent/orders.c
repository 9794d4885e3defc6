// SPDX-License-Identifier: GPL-2.0
/*
 * A held page in all orders of events: fork, writes by parent and child,
 * mprotect, munmap, migration, another pin (S7)
 *
 * In all of them, the process that pinned a page and the holder of the pin must
 * see the same page, and no other process may see it. A FOLL_GET reference only
 * prevents that the page is freed or migrated; after fork() the process may
 * write to a copy. Each scenario runs with each kind of holder.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/next_frames.h"
#include "see/pin.h"
#include "story/holder.h"
#include "story/story.h"

FIXTURE(orders)
{
	struct story story;
	struct holder holder;
};

FIXTURE_VARIANT(orders)
{
	enum place place;
	enum holder_kind holder;
};

FIXTURE_VARIANT_ADD(orders, coherent_reference)
{
	.place = PLACE_COHERENT, .holder = HOLDER_REFERENCE,
};

FIXTURE_VARIANT_ADD(orders, coherent_fixed_buffer)
{
	.place = PLACE_COHERENT, .holder = HOLDER_FIXED_BUFFER,
};

FIXTURE_VARIANT_ADD(orders, coherent_slow_write)
{
	.place = PLACE_COHERENT, .holder = HOLDER_SLOW_PIN_TO_WRITE,
};

FIXTURE_VARIANT_ADD(orders, coherent_fast_write)
{
	.place = PLACE_COHERENT, .holder = HOLDER_FAST_PIN_TO_WRITE,
};

FIXTURE_VARIANT_ADD(orders, coherent_slow_read)
{
	.place = PLACE_COHERENT, .holder = HOLDER_SLOW_PIN_TO_READ,
};

FIXTURE_VARIANT_ADD(orders, coherent_fast_read)
{
	.place = PLACE_COHERENT, .holder = HOLDER_FAST_PIN_TO_READ,
};

FIXTURE_VARIANT_ADD(orders, system_reference)
{
	.place = PLACE_SYSTEM, .holder = HOLDER_REFERENCE,
};

FIXTURE_VARIANT_ADD(orders, system_fixed_buffer)
{
	.place = PLACE_SYSTEM, .holder = HOLDER_FIXED_BUFFER,
};

FIXTURE_VARIANT_ADD(orders, system_slow_write)
{
	.place = PLACE_SYSTEM, .holder = HOLDER_SLOW_PIN_TO_WRITE,
};

FIXTURE_VARIANT_ADD(orders, system_fast_read)
{
	.place = PLACE_SYSTEM, .holder = HOLDER_FAST_PIN_TO_READ,
};

WHY_NOT(orders)
{
	return holder_is_gup_test(variant->holder) && features.gup_test && !features.pin_stays ?
	       "gup_test of this kernel has no pins that stay (6.2)" : NULL;
}

FIXTURE_SETUP(orders)
{
	struct story *s = &self->story;

	need(!holder_is_gup_test(variant->holder) || features.gup_test, SKIP_NO_GUP_TEST);
	story_begin(s, variant->place, false, 2);
	holder_init(&self->holder, variant->holder, s);
	if (variant->holder == HOLDER_FIXED_BUFFER) {
		story_medium(s, ON_FILE);
		story_ring(s);
	}
}

FIXTURE_TEARDOWN(orders)
{
	/* story_end() releases all other holders. */
	if (holder_is_gup_test(variant->holder))
		holder_drop(&self->holder);
	story_end(&self->story);
}

/* Let the holder take page 0, check its place, and remember its frame. */
static void take(struct holder *holder)
{
	struct story *s = holder->story;

	set_rule(holder_pins(holder) ? RULE_LONGTERM_LEAVES_DEVICE : RULE_SHORT_PIN_STAYS);
	expect_result("taking the reference", holder_take(holder), 0);
	expect_at(s, 0, holder_pins(holder) ? PLACE_SYSTEM : s->place);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	story_remember_frames(s);
}

/* Check that the owner has written page 0 in place, and that the holder sees it. */
static void expect_write_reaches(struct holder *holder)
{
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_same_frame(holder->story, 0);
	holder_expect_sees(holder, BY_OWNER_AGAIN);
}

/*
 * Check after a write by the owner that followed fork(): with a pin it went to
 * the held page, with a FOLL_GET reference to a copy.
 */
static void expect_write_after_fork(struct holder *holder)
{
	if (holder_pins(holder)) {
		expect_write_reaches(holder);
		return;
	}
	set_rule(RULE_SHARED_IS_COPIED);
	expect_other_frame(holder->story, 0);
	expect_at(holder->story, 0, PLACE_SYSTEM);
	set_rule(RULE_NO_LEAK);
	holder_expect_sees(holder, BY_OWNER);
}

SCENARIO(orders, held_then_written,
	 "without fork(), a write by the owner goes to the held page")
{
	struct story *s = &self->story;

	take(&self->holder);
	story_write(s, 0);
	expect_write_reaches(&self->holder);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(orders, held_forked_parent_writes,
	 "held, then forked: the holder of a pin sees a write by the parent, the child does not")
{
	struct story *s = &self->story;

	take(&self->holder);
	child_fork(&s->child);
	story_write(s, 0);
	expect_write_after_fork(&self->holder);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(orders, held_forked_child_writes,
	 "held, then forked: a write by the child goes to a copy, which neither holder nor parent "
	 "see")
{
	struct story *s = &self->story;

	take(&self->holder);
	child_fork(&s->child);
	set_rule(RULE_NO_LEAK);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	holder_expect_sees(&self->holder, BY_OWNER);
}

SCENARIO(orders, held_forked_alone_again,
	 "held, forked, and the child has exited: the holder of a pin sees a write by the parent")
{
	struct story *s = &self->story;

	take(&self->holder);
	child_fork(&s->child);
	child_leave(&s->child);
	story_write(s, 0);
	expect_write_after_fork(&self->holder);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

/*
 * A pin of a shared page first makes the page exclusive: it is unshared for
 * reading, or copied for writing.
 */
SCENARIO(orders, forked_held_parent_writes,
	 "forked, then held: the parent has pinned an exclusive copy, and the holder sees a write "
	 "by the parent")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(holder_pins_to_write(&self->holder) ? RULE_SHARED_IS_COPIED :
		 holder_pins(&self->holder)	 ? RULE_PIN_UNSHARES :
					   RULE_GET_LEAVES_SHARED);
	expect_result("taking the reference", holder_take(&self->holder), 0);
	if (holder_pins(&self->holder))
		expect_copied(s, 0);
	else
		expect_stays(s, 0);
	expect_child_keeps_frame(s, &s->child, 0);
	story_remember_frames(s);
	story_write(s, 0);
	expect_write_after_fork(&self->holder);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(orders, forked_held_child_writes,
	 "forked, then held: neither holder nor parent see a write by the child")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_PIN_UNSHARES);
	expect_result("taking the reference", holder_take(&self->holder), 0);
	set_rule(RULE_NO_LEAK);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	/* The child is the only user of the original page, unless a reference to it is held. */
	if (holder_pins(&self->holder)) {
		set_rule(RULE_LAST_SHARER_REUSES);
		expect_child_keeps_frame(s, &s->child, 0);
	} else {
		set_rule(RULE_SHARED_IS_COPIED);
		expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	}
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	expect_owner_sees(s, 0, BY_OWNER);
	holder_expect_sees(&self->holder, BY_OWNER);
}

SCENARIO(orders, held_then_protected,
	 "mprotect() to R/O and back does not replace the page: the holder sees the next write")
{
	struct story *s = &self->story;

	take(&self->holder);
	story_protect(s, 0, 1, PROT_READ);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_same_frame(s, 0);
	expect_mapped(s, 0, PERM_RO);
	story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
	story_write(s, 0);
	expect_write_reaches(&self->holder);
}

SCENARIO(orders, held_then_unmapped,
	 "after munmap() of a held page, the holder sees its bytes, and the page is returned to "
	 "the driver only when it is released")
{
	struct story *s = &self->story;
	struct buffer next;

	take(&self->holder);
	unmap_memory(s->buffer.addr, features.page_size);
	set_rule(RULE_FREED_TO_DRIVER);
	next_frames_take(&next, 2, &s->device, s->place);
	expect(!next_frames_count(&next, s->frames[0]),
	       "page frame 0x%lx was handed out although it is held", s->frames[0]);
	next_frames_return(&next);
	/*
	 * The ring finds a registered buffer by its address, at which nothing
	 * is mapped now, so the ring cannot check the bytes.
	 */
	if (variant->holder == HOLDER_FIXED_BUFFER)
		return;
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	holder_expect_sees(&self->holder, BY_OWNER);
}

SCENARIO(orders, held_then_migrated,
	 "a held page is not migrated in either direction; after its release it is")
{
	struct story *s = &self->story;

	take(&self->holder);
	set_rule(RULE_PINNED_STAYS);
	if (holder_pins(&self->holder) || !story_on_device(s))
		story_migrate_to_device(s);
	else
		story_migrate_back(s);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	story_write(s, 0);
	expect_write_reaches(&self->holder);
	holder_drop(&self->holder);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

/*
 * A page that is held on its device cannot be moved, so a long-term pin of it
 * fails.
 */
SCENARIO(orders, held_then_pinned_again,
	 "a second long-term pin of a page that is pinned in memory succeeds; one of a page that "
	 "is held on its device fails until its release")
{
	struct story *s = &self->story;
	struct pin_kind longterm = { .pin = true, .write = true, .longterm = true };
	const bool in_the_way = !holder_pins(&self->holder) && story_on_device(s);

	need(features.gup_test, SKIP_NO_GUP_TEST);
	take(&self->holder);
	set_rule(RULE_PINNED_STAYS);
	expect_result("the second, long-term pin (bytes)", pin_pages(longterm, s->buffer.addr, 1),
		      in_the_way ? 0 : features.page_size);
	expect_same_frame(s, 0);
	longterm.fast = true;
	expect_result("the same by GUP-fast (bytes)", pin_pages(longterm, s->buffer.addr, 1),
		      in_the_way ? 0 : features.page_size);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	holder_drop(&self->holder);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("the pin after the release (bytes)",
		      pin_pages(longterm, s->buffer.addr, 1), features.page_size);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_orders", argc, argv);
}
