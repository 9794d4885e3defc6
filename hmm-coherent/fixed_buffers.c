// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring fixed buffers with pages on a coherent device: a long-term pin by
 * user space
 *
 * Registration pins the pages of a buffer for an unlimited time, which is not
 * allowed on a device (claim S7): the kernel first moves them to system memory.
 * From then on the ring and the process must see the same pages, after all
 * changes of the mapping.
 */
#include "suite/harness.h"

#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/zone.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(fixed_buffers)
{
	struct story story;
};

FIXTURE_VARIANT(fixed_buffers)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(fixed_buffers, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(fixed_buffers, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(fixed_buffers, movable_rw) { .place = PLACE_MOVABLE };
FIXTURE_VARIANT_ADD(fixed_buffers, movable_ro) { .place = PLACE_MOVABLE, .read_only = true };
FIXTURE_VARIANT_ADD(fixed_buffers, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(fixed_buffers, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

FIXTURE_SETUP(fixed_buffers)
{
	if (variant->place == PLACE_MOVABLE)
		need_movable();
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	story_medium(&self->story, ON_FILE);
	story_ring(&self->story);
}

FIXTURE_TEARDOWN(fixed_buffers)
{
	story_end(&self->story);
}

static int register_all(struct story *s)
{
	return ring_register(&s->ring, s->buffer.addr, s->buffer.size);
}

/* Check that a registered page of this story is in memory outside of ZONE_MOVABLE. */
static void expect_pinned_in_memory(struct story *s, size_t page)
{
	set_rule(s->place == PLACE_MOVABLE ? RULE_LONGTERM_LEAVES_MOVABLE :
		 s->place == PLACE_SYSTEM  ? RULE_SHORT_PIN_STAYS :
				       RULE_LONGTERM_LEAVES_DEVICE);
	expect_at(s, page, PLACE_SYSTEM);
	if (s->place == PLACE_SYSTEM)
		expect_same_frame(s, page);
	else
		expect_other_frame(s, page);
}

/* Make the buffer writable and register all of it, for other scenarios. */
static void register_writable(struct story *s)
{
	size_t i;

	story_make_writable(s);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("registration", register_all(s), 0);
	for (i = 0; i < PAGES; i++)
		expect_pinned_in_memory(s, i);
	story_remember_frames(s);
}

SCENARIO(fixed_buffers, registration,
	 "registration first moves the pages to memory; that of a read-only mapping returns EFAULT "
	 "and moves nothing")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_LONGTERM_LEAVES_DEVICE);
	expect_result("registration", register_all(s), s->read_only ? -EFAULT : 0);
	for (i = 0; i < PAGES; i++) {
		if (s->read_only)
			expect_stays(s, i);
		else
			expect_pinned_in_memory(s, i);
		expect_mapped(s, i, s->read_only ? PERM_RO : PERM_RW);
		expect_exclusive(s, i, true);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(fixed_buffers, read_fixed, "the owner sees the bytes of READ_FIXED")
{
	struct story *s = &self->story;
	size_t i;

	register_writable(s);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("READ_FIXED",
		      ring_transfer(&s->ring, RING_READ_FIXED, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      s->buffer.size);
	for (i = 0; i < PAGES; i++) {
		expect_owner_sees(s, i, BY_MEDIUM);
		set_rule(RULE_PIN_FOLLOWS_OWNER);
		expect_same_frame(s, i);
	}
}

SCENARIO(fixed_buffers, write_fixed,
	 "WRITE_FIXED writes the bytes that the owner wrote after the registration")
{
	struct story *s = &self->story;
	size_t i;

	register_writable(s);
	for (i = 0; i < PAGES; i++)
		story_write(s, i);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      s->buffer.size);
	for (i = 0; i < PAGES; i++) {
		expect_medium_has(s, i, BY_OWNER_AGAIN);
		expect_same_frame(s, i);
	}
}

/*
 * After fork(), a write by the owner must not go to a copy, since the ring
 * would not see it.
 */
SCENARIO(fixed_buffers, pin_follows_owner_over_fork,
	 "after fork() the ring sees later writes by the owner, and the child does not")
{
	struct story *s = &self->story;

	register_writable(s);
	child_fork(&s->child);
	story_write(s, 0);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_same_frame(s, 0);
	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      s->buffer.size);
	expect_medium_has(s, 0, BY_OWNER_AGAIN);
	expect_medium_has(s, 1, BY_OWNER);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	expect_child_has_other_frame(s, &s->child, 0,
				     s->place == PLACE_MOVABLE ? PLACE_MOVABLE : PLACE_SYSTEM);
}

/* copy_present_page() makes the child's entry anew. */
SCENARIO(fixed_buffers, copied_read_only,
	 "the child's copy of a registered page is read-only if its mapping is")
{
	struct story *s = &self->story;

	story_make_writable(s);
	register_all(s);
	story_protect(s, 0, 1, PROT_READ);
	child_fork(&s->child);
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	expect_result("the child's store", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      KILLED_BY(SIGSEGV));
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	expect_result("its store to the next page",
		      child_write(&s->child, &s->buffer, 1, 1, BY_CHILD), features.page_size);
	expect_owner_sees(s, 1, BY_OWNER);
}

SCENARIO(fixed_buffers, registered_while_shared,
	 "registration of shared pages gives the owner copies; the child keeps the pages on the "
	 "device")
{
	struct story *s = &self->story;
	size_t i;

	child_fork(&s->child);
	story_make_writable(s);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("registration", register_all(s), 0);
	for (i = 0; i < PAGES; i++) {
		expect_at(s, i, PLACE_SYSTEM);
		expect_other_frame(s, i);
		expect_exclusive(s, i, true);
		expect_child_keeps_frame(s, &s->child, i);
	}
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("READ_FIXED",
		      ring_transfer(&s->ring, RING_READ_FIXED, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      s->buffer.size);
	expect_owner_sees(s, 0, BY_MEDIUM);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(fixed_buffers, protected_after,
	 "after mprotect() the ring still sees the owner's pages and later writes")
{
	struct story *s = &self->story;

	register_writable(s);
	story_write(s, 0);
	story_protect(s, 0, PAGES, PROT_READ);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      s->buffer.size);
	expect_medium_has(s, 0, BY_OWNER_AGAIN);
	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	story_write(s, 1);
	expect_same_frame(s, 1);
	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      s->buffer.size);
	expect_medium_has(s, 1, BY_OWNER_AGAIN);
}

SCENARIO(fixed_buffers, unregistering_frees_them,
	 "registered pages are not migrated to the device; after unregistration they are")
{
	struct story *s = &self->story;
	size_t i;

	register_writable(s);
	story_migrate_to_device(s);
	set_rule(RULE_PINNED_STAYS);
	for (i = 0; i < PAGES; i++) {
		expect_at(s, i, PLACE_SYSTEM);
		expect_same_frame(s, i);
	}
	expect_result("unregistering", ring_unregister(&s->ring), 0);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	for (i = 0; i < PAGES; i++) {
		expect_at(s, i, PLACE_COHERENT);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(fixed_buffers, one_page_read_only,
	 "registration of a buffer with a read-only page fails, and that page stays on the device")
{
	struct story *s = &self->story;

	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	story_protect(s, PAGES - 1, 1, PROT_READ);
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	expect_result("registration", register_all(s), -EFAULT);
	expect_stays(s, PAGES - 1);
	expect_mapped(s, PAGES - 1, PERM_RO);
	expect_owner_sees(s, PAGES - 1, BY_OWNER);
	expect_owner_sees(s, 0, BY_OWNER);
}

/* The registration fails, and succeeds after the reference was released. */
SCENARIO(fixed_buffers, other_reference_in_the_way,
	 "registration of a page with another reference fails with EBUSY and changes nothing; "
	 "after its release it works")
{
	struct story *s = &self->story;
	const bool must_move = s->place != PLACE_SYSTEM;

	story_make_writable(s);
	set_rule(RULE_PINNED_STAYS);
	story_hold(s, 0);
	if (must_move) {
		/*
		 * For pages in ZONE_MOVABLE the errno is ENOMEM
		 * (migrate_longterm_unpinnable_pages()).
		 */
		expect_result("registration", register_all(s),
			      s->place == PLACE_COHERENT ? -EBUSY : -ENOMEM);
		expect_stays(s, 0);
		expect_owner_sees(s, 0, BY_OWNER);
	}
	story_let_go(s);
	expect_result("registration", register_all(s), 0);
	expect_pinned_in_memory(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(fixed_buffers, two_rings,
	 "two rings can register the same pages: both see writes by the owner, and one is not "
	 "affected when the other unregisters")
{
	struct story *s = &self->story;
	struct ring other;

	register_writable(s);
	ring_open(&other);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_result("the second registration",
		      ring_register(&other, s->buffer.addr, s->buffer.size), 0);
	expect_same_frame(s, 0);
	expect_result("unregistering the first", ring_unregister(&s->ring), 0);
	story_write(s, 0);
	expect_result("WRITE_FIXED",
		      ring_transfer(&other, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr,
				    s->buffer.size),
		      s->buffer.size);
	expect_medium_has(s, 0, BY_OWNER_AGAIN);
	story_migrate_to_device(s);
	set_rule(RULE_PINNED_STAYS);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_same_frame(s, 0);
	ring_close(&other);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_fixed_buffers", argc, argv);
}
