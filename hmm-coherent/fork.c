// SPDX-License-Identifier: GPL-2.0
/*
 * fork() over pages on a coherent device: who gets the copy, where it lands,
 * who keeps the page
 *
 * Copy on write rests on reference counts and on PageAnonExclusive. Device
 * pages are counted and freed their own way, so this is where a mistake shows
 * as one process seeing the other's bytes, or as a page that leaves its device
 * for nothing.
 */
#include "suite/harness.h"

#include "kernel/kernel.h"
#include "story/story.h"

FIXTURE(fork)
{
	struct story story;
};

FIXTURE_VARIANT(fork)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(fork, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(fork, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(fork, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(fork, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

FIXTURE_SETUP(fork)
{
	story_begin(&self->story, variant->place, variant->read_only, 2);
}

FIXTURE_TEARDOWN(fork)
{
	story_end(&self->story);
}

/* A child's mapping is the one that it was born with, whatever the parent does to its own. */
static void make_writable(struct story *s, struct child *child)
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (s->read_only)
		expect_result("the child's mprotect",
			      child_protect(child, &s->buffer, PROT_READ | PROT_WRITE), 0);
}

/* Losing this loses the child its snapshot of the parent, or the parent its new bytes. */
SCENARIO(fork, parent_writes_first,
	 "the parent writes a shared page: it gets a copy in memory, the child keeps the page")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	story_make_writable(s);
	story_write(s, 0);

	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	expect_mapped(s, 0, PERM_RW);
	expect_exclusive(s, 0, true);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	set_rule(RULE_NO_LEAK);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	/* The neighbour was not written: still shared. */
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	expect_child_keeps_frame(s, &s->child, 1);
}

SCENARIO(fork, child_writes_last,
	 "after the parent's copy the child is the page's last user, and writes it in place")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	story_make_writable(s);
	story_write(s, 0);
	make_writable(s, &s->child);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(fork, child_writes_first,
	 "the child writes a shared page: the copy is the child's, the parent keeps the page on "
	 "its device")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	/* Or the child's write would fill a hole, and copy nothing. */
	set_rule(RULE_FORK_SHARES);
	expect_child_keeps_frame(s, &s->child, 0);
	make_writable(s, &s->child);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	expect_stays(s, 0);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_CHILD);

	/* Now the parent is alone with it, child alive or not. */
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_stays(s, 0);
	expect_exclusive(s, 0, true);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
}

SCENARIO(fork, parent_writes_after_exit,
	 "a child came and went: the parent writes the page in place, and has it exclusively again")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	child_leave(&s->child);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_exclusive(s, 0, false);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_stays(s, 0);
	expect_mapped(s, 0, PERM_RW);
	expect_exclusive(s, 0, true);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(fork, parent_writes_after_kill,
	 "a child that was killed leaves nothing behind: the parent writes the page in place")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	child_kill(&s->child);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(fork, child_unmaps, "a child that unmaps its copy is no sharer any more")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_result("the child's munmap", child_unmap(&s->child, &s->buffer, 0, 1), 0);
	story_make_writable(s);
	story_write(s, 0);
	expect_stays(s, 0);
	/* It kept the other page, which is still shared. */
	story_write(s, 1);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 1);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 1, BY_OWNER);
}

SCENARIO(fork, readers_share, "reads by both sides leave the page shared, where it is")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_mapped(s, 0, PERM_RO);
	expect_exclusive(s, 0, false);
}

SCENARIO(fork, three_sharers,
	 "of three sharers the first two writers get copies, the last one keeps the page")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	child_fork(&s->second_child);
	make_writable(s, &s->child);
	make_writable(s, &s->second_child);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	expect_result("the first child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->second_child, 0, BY_OWNER);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_result("the second child's write",
		      child_write(&s->second_child, &s->buffer, 0, 1, BY_OTHER),
		      features.page_size);
	expect_child_keeps_frame(s, &s->second_child, 0);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	expect_child_sees(s, &s->second_child, 0, BY_OTHER);
}

/*
 * A reference from GUP may still be read by its holder: a page with one is not
 * reused once it was shared.
 */
SCENARIO(fork, held_reference_forces_copy,
	 "a page that was shared and that somebody holds a reference on is copied, and the holder "
	 "keeps the old bytes")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_SHORT_PIN_STAYS);
	story_hold(s, 0);
	expect_stays(s, 0);
	child_leave(&s->child);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	set_rule(RULE_NO_LEAK);
	expect_holder_sees(s, 0, BY_OWNER);
}

SCENARIO(fork, migrated_while_shared,
	 "migration moves a shared page for both, still shared; writing then makes a copy in "
	 "memory")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	story_migrate_back(s);
	set_rule(story_on_device(s) ? RULE_BACK : RULE_NOTHING_ELSE_CHANGES);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_exclusive(s, 0, false);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	expect_exclusive(s, 0, false);
	story_remember_frames(s);
	expect_child_keeps_frame(s, &s->child, 0);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);

	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	expect_child_keeps_frame(s, &s->child, 0);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_fork", argc, argv);
}
