// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody holds a page, and then life goes on: fork, writes by either side,
 * mprotect, munmap, migration, another pin, in every order (S7)
 *
 * One rule stands over all of it: who pinned a page and whoever holds the pin
 * go on seeing the same page, and nobody else ever sees it. A plain reference
 * (FOLL_GET) promises less: it keeps the page from being freed or moved, but a
 * process that forked may write elsewhere. Each scenario runs with every holder
 * there is.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/pin.h"
#include "story/story.h"

struct grip {
	struct story *story;
	int pin;		/* of gup_test */
};

/*
 * Holders of page 0. All but the plain reference move the page to memory first,
 * and have a pin on it.
 */
struct holder {
	bool pins;
	/*
	 * pinned for writing: what is shared gets copied, what is read-only is
	 * refused
	 */
	bool writes;
	int (*take)(struct grip *grip);
	void (*expect_sees)(struct grip *grip, enum writer writer);
	void (*drop)(struct grip *grip);
};

static int take_reference(struct grip *grip)
{
	story_hold(grip->story, 0);
	return 0;
}

static void reference_sees(struct grip *grip, enum writer writer)
{
	expect_holder_sees(grip->story, 0, writer);
}

static void drop_reference(struct grip *grip)
{
	story_let_go(grip->story);
}

static int take_fixed(struct grip *grip)
{
	return ring_register(&grip->story->ring, grip->story->buffer.addr, features.page_size);
}

/* The ring writes what it has to the medium. */
static void fixed_sees(struct grip *grip, enum writer writer)
{
	struct story *s = grip->story;

	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr,
				    features.page_size),
		      features.page_size);
	expect_medium_has(s, 0, writer);
}

static void drop_fixed(struct grip *grip)
{
	expect_result("unregistering", ring_unregister(&grip->story->ring), 0);
}

static int take_pin(struct grip *grip, bool fast, bool write)
{
	int held = pin_hold(fast, write, grip->story->buffer.addr, 1);

	if (held < 0)
		return held;
	grip->pin = held;
	return 0;
}

static int take_slow_write(struct grip *grip)
{
	return take_pin(grip, false, true);
}

static int take_fast_write(struct grip *grip)
{
	return take_pin(grip, true, true);
}

static int take_slow_read(struct grip *grip)
{
	return take_pin(grip, false, false);
}

static int take_fast_read(struct grip *grip)
{
	return take_pin(grip, true, false);
}

static void pin_sees(struct grip *grip, enum writer writer)
{
	struct story *s = grip->story;
	static unsigned char *copy;
	char seen[160];

	if (!copy)
		copy = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	expect_result("a read through the pin", pin_read(grip->pin, copy), 0);
	describe_page(seen, sizeof(seen), copy, s->buffer.serial, 0, writer);
	expect_same(read_page(copy, s->buffer.serial, 0, writer, writer) == DATA_OLD,
		    "bytes that the pin's holder sees",
		    writer == BY_OWNER ? "as they were" : "written by the owner since", seen);
}

static void drop_pin(struct grip *grip)
{
	if (grip->pin >= 0)
		pin_drop(grip->pin);
	grip->pin = -1;
}

static const struct holder reference = { .take = take_reference,
					 .expect_sees = reference_sees,
					 .drop = drop_reference };
static const struct holder fixed_buffer = { .pins = true,
					    .writes = true,
					    .take = take_fixed,
					    .expect_sees = fixed_sees,
					    .drop = drop_fixed };
static const struct holder slow_write = { .pins = true,
					  .writes = true,
					  .take = take_slow_write,
					  .expect_sees = pin_sees,
					  .drop = drop_pin };
static const struct holder fast_write = { .pins = true,
					  .writes = true,
					  .take = take_fast_write,
					  .expect_sees = pin_sees,
					  .drop = drop_pin };
static const struct holder slow_read = { .pins = true,
					 .take = take_slow_read,
					 .expect_sees = pin_sees,
					 .drop = drop_pin };
static const struct holder fast_read = { .pins = true,
					 .take = take_fast_read,
					 .expect_sees = pin_sees,
					 .drop = drop_pin };

FIXTURE(orders)
{
	struct story story;
	struct grip grip;
};

FIXTURE_VARIANT(orders)
{
	enum place place;
	const struct holder *holder;
};

FIXTURE_VARIANT_ADD(orders, coherent_reference) { .place = PLACE_COHERENT, .holder = &reference };
FIXTURE_VARIANT_ADD(orders, coherent_fixed_buffer){ .place = PLACE_COHERENT,
						    .holder = &fixed_buffer };
FIXTURE_VARIANT_ADD(orders, coherent_slow_write) { .place = PLACE_COHERENT, .holder = &slow_write };
FIXTURE_VARIANT_ADD(orders, coherent_fast_write) { .place = PLACE_COHERENT, .holder = &fast_write };
FIXTURE_VARIANT_ADD(orders, coherent_slow_read) { .place = PLACE_COHERENT, .holder = &slow_read };
FIXTURE_VARIANT_ADD(orders, coherent_fast_read) { .place = PLACE_COHERENT, .holder = &fast_read };
FIXTURE_VARIANT_ADD(orders, system_reference) { .place = PLACE_SYSTEM, .holder = &reference };
FIXTURE_VARIANT_ADD(orders, system_fixed_buffer) { .place = PLACE_SYSTEM, .holder = &fixed_buffer };
FIXTURE_VARIANT_ADD(orders, system_slow_write) { .place = PLACE_SYSTEM, .holder = &slow_write };
FIXTURE_VARIANT_ADD(orders, system_fast_read) { .place = PLACE_SYSTEM, .holder = &fast_read };

WHY_NOT(orders)
{
	return variant->holder->expect_sees == pin_sees && !features.pin_stays ?
	       "gup_test of this kernel has no pins that stay (6.2)" : NULL;
}

FIXTURE_SETUP(orders)
{
	struct story *s = &self->story;

	story_begin(s, variant->place, false, 2);
	self->grip = (struct grip){ .story = s, .pin = -1 };
	if (variant->holder == &fixed_buffer) {
		story_medium(s, ON_FILE);
		story_ring(s);
	}
}

FIXTURE_TEARDOWN(orders)
{
	drop_pin(&self->grip);
	story_end(&self->story);
}

/* Take hold of page 0, and look where it is then: the frame to compare with from here on. */
static void take(struct story *s, struct grip *grip, const struct holder *holder)
{
	set_rule(holder->pins ? RULE_LONGTERM_LEAVES_DEVICE : RULE_SHORT_PIN_STAYS);
	expect_result("taking hold", holder->take(grip), 0);
	expect_at(s, 0, holder->pins ? PLACE_SYSTEM : s->place);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	story_remember_frames(s);
}

#define TAKE() take(s, &self->grip, variant->holder)
#define HOLDER_SEES(writer) variant->holder->expect_sees(&self->grip, writer)

/*
 * The owner has written page 0: in place, and the holder sees it; or, with a
 * mere reference on a page that was shared, elsewhere.
 */
#define EXPECT_WRITE_REACHES_HOLDER() \
	do { \
		set_rule(RULE_PIN_FOLLOWS_OWNER); \
		expect_same_frame(s, 0); \
		HOLDER_SEES(BY_OWNER_AGAIN); \
	} while (0)

#define EXPECT_WRITE_WENT_ELSEWHERE() \
	do { \
		set_rule(RULE_SHARED_IS_COPIED); \
		expect_other_frame(s, 0); \
		expect_at(s, 0, PLACE_SYSTEM); \
		set_rule(RULE_NO_LEAK); \
		HOLDER_SEES(BY_OWNER); \
	} while (0)

SCENARIO(orders, held_then_written,
	 "without a fork the owner's write goes to the page that is held")
{
	struct story *s = &self->story;

	TAKE();
	story_write(s, 0);
	EXPECT_WRITE_REACHES_HOLDER();
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(orders, held_forked_parent_writes,
	 "held, then forked: the parent's write reaches the holder of a pin, never the child")
{
	struct story *s = &self->story;

	TAKE();
	child_fork(&s->child);
	story_write(s, 0);
	if (variant->holder->pins)
		EXPECT_WRITE_REACHES_HOLDER();
	else
		EXPECT_WRITE_WENT_ELSEWHERE();
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(orders, held_forked_child_writes,
	 "held, then forked: the child's write goes to a page of its own, which neither holder "
	 "nor parent see")
{
	struct story *s = &self->story;

	TAKE();
	child_fork(&s->child);
	set_rule(RULE_NO_LEAK);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	HOLDER_SEES(BY_OWNER);
}

SCENARIO(orders, held_forked_alone_again,
	 "held, forked, and the child gone: the parent's write reaches the holder of a pin")
{
	struct story *s = &self->story;

	TAKE();
	child_fork(&s->child);
	child_leave(&s->child);
	story_write(s, 0);
	if (variant->holder->pins)
		EXPECT_WRITE_REACHES_HOLDER();
	else
		EXPECT_WRITE_WENT_ELSEWHERE();
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

/*
 * A pin on a shared page is a pin on a page of the pinner's own, from the
 * start: unshared for reading, copied for writing.
 */
SCENARIO(orders, forked_held_parent_writes,
	 "forked, then held: the parent has pinned a page of its own, and its write reaches the "
	 "holder")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(variant->holder->writes ? RULE_SHARED_IS_COPIED :
		 variant->holder->pins	 ? RULE_PIN_UNSHARES :
					   RULE_GET_LEAVES_SHARED);
	expect_result("taking hold", variant->holder->take(&self->grip), 0);
	if (variant->holder->pins)
		expect_copied(s, 0);
	else
		expect_stays(s, 0);
	expect_child_keeps_frame(s, &s->child, 0);
	story_remember_frames(s);
	story_write(s, 0);
	if (variant->holder->pins)
		EXPECT_WRITE_REACHES_HOLDER();
	else
		EXPECT_WRITE_WENT_ELSEWHERE();
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(orders, forked_held_child_writes,
	 "forked, then held: the child's write reaches neither the holder nor the parent")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_PIN_UNSHARES);
	expect_result("taking hold", variant->holder->take(&self->grip), 0);
	set_rule(RULE_NO_LEAK);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	/* Alone with the page that it was born with, unless somebody else still holds it. */
	if (variant->holder->pins) {
		set_rule(RULE_LAST_SHARER_REUSES);
		expect_child_keeps_frame(s, &s->child, 0);
	} else {
		set_rule(RULE_SHARED_IS_COPIED);
		expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	}
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	expect_owner_sees(s, 0, BY_OWNER);
	HOLDER_SEES(BY_OWNER);
}

SCENARIO(orders, held_then_protected,
	 "mprotect to R/O and back takes the page from nobody: the next write reaches the holder")
{
	struct story *s = &self->story;

	TAKE();
	story_protect(s, 0, 1, PROT_READ);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_same_frame(s, 0);
	expect_mapped(s, 0, PERM_RO);
	story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
	story_write(s, 0);
	EXPECT_WRITE_REACHES_HOLDER();
}

SCENARIO(orders, held_then_unmapped,
	 "munmap of a held page: the holder keeps its bytes, and the driver does not get it "
	 "before the holder lets go")
{
	struct story *s = &self->story;
	struct buffer next;

	TAKE();
	unmap_memory(s->buffer.addr, features.page_size);
	set_rule(RULE_FREED_TO_DRIVER);
	buffer_map(&next, 2, s->place);
	buffer_write(&next, 0, 2, BY_OTHER);
	if (story_on_device(s))
		device_move_to(&s->device, next.addr, 2);
	expect(page_at(0, next.addr).pfn != s->frames[0] &&
		       page_at(0, buffer_page(&next, 1)).pfn != s->frames[0],
	       "page frame 0x%lx was handed out although somebody holds it", s->frames[0]);
	buffer_unmap(&next);
	/*
	 * A registered buffer is found by the address that it had, so another
	 * page has to be there for the ring to be asked.
	 */
	if (variant->holder == &fixed_buffer)
		return;
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	HOLDER_SEES(BY_OWNER);
}

SCENARIO(orders, held_then_migrated,
	 "a held page is not migrated, in either direction, and can be once nobody holds it")
{
	struct story *s = &self->story;

	TAKE();
	set_rule(RULE_PINNED_STAYS);
	if (variant->holder->pins || !story_on_device(s))
		story_migrate_to_device(s);
	else
		story_migrate_back(s);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	story_write(s, 0);
	EXPECT_WRITE_REACHES_HOLDER();
	variant->holder->drop(&self->grip);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

/*
 * Whoever holds the page on its device is in the way of a long-term pin: it
 * cannot be moved, so it cannot be pinned.
 */
SCENARIO(orders, held_then_pinned_again,
	 "a long-term pin of a page that is pinned in memory succeeds; of one that is held on its "
	 "device it is EBUSY until that ends")
{
	struct story *s = &self->story;
	struct pin_kind longterm = { .pin = true, .write = true, .longterm = true };
	const bool in_the_way = !variant->holder->pins && story_on_device(s);

	need(features.gup_test, SKIP_NO_GUP_TEST);
	TAKE();
	set_rule(RULE_PINNED_STAYS);
	expect_result("the second, long-term pin (bytes)", pin_pages(longterm, s->buffer.addr, 1),
		      in_the_way ? 0 : features.page_size);
	expect_same_frame(s, 0);
	longterm.fast = true;
	expect_result("the same by GUP-fast (bytes)", pin_pages(longterm, s->buffer.addr, 1),
		      in_the_way ? 0 : features.page_size);
	expect_same_frame(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	variant->holder->drop(&self->grip);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("the pin when nobody is in the way (bytes)",
		      pin_pages(longterm, s->buffer.addr, 1), features.page_size);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_orders", argc, argv);
}
