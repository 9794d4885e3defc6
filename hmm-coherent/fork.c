// SPDX-License-Identifier: GPL-2.0
/*
 * fork() with pages on a coherent device: which process gets a copy, where the
 * copy is, and which one keeps the page
 *
 * Copy-on-write depends on reference counts and on PageAnonExclusive. Device
 * pages are counted and freed in a special way, so an error can let one process
 * see the bytes of the other, or move a page off its device without need.
 */
#include "suite/harness.h"

#include <errno.h>

#include "kernel/kernel.h"
#include "kernel/since.h"
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

WHY_NOT(fork)
{
	return !strcmp(test, "counted") && kernel_has(CHANGE_RSS_PER_CPU) &&
			       !kernel_has(CHANGE_RSS_IS_SUMMED) ?
		       "each processor of this kernel keeps a part of the count (6.2 to 6.15)" :
		       NULL;
}

FIXTURE_SETUP(fork)
{
	story_begin(&self->story, variant->place, variant->read_only, 2);
}

FIXTURE_TEARDOWN(fork)
{
	story_end(&self->story);
}

/* Make the child's mapping writable, since changes of the parent's mapping do not affect it. */
static void make_writable(struct story *s, struct child *child)
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (s->read_only)
		expect_result("the child's mprotect",
			      child_protect(child, &s->buffer, PROT_READ | PROT_WRITE), 0);
}

/* Otherwise the child would see the parent's new bytes, or the parent would lose them. */
SCENARIO(fork, parent_writes_first,
	 "the parent's write to a shared page gives it a copy in memory; the child keeps the page")
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
	/* The other page was not written and is still shared. */
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	expect_child_keeps_frame(s, &s->child, 1);
}

SCENARIO(fork, child_writes_last,
	 "after the parent has got a copy, the child is the last user of the page and writes it in "
	 "place")
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
	 "the child's write to a shared page gives it a copy in memory; the parent keeps the page "
	 "on the device")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	/* Otherwise the child's write would fill a hole instead of making a copy. */
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

	/* Now only the parent maps the page, although the child is alive. */
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_stays(s, 0);
	expect_exclusive(s, 0, true);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
}

SCENARIO(fork, parent_writes_after_exit,
	 "after the child has exited, the parent writes the page in place, and it is exclusive "
	 "again")
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
	 "after the child was killed, the parent writes the page in place")
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

SCENARIO(fork, child_unmaps, "after the child has unmapped a page, the parent writes it in place")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_LAST_SHARER_REUSES);
	expect_result("the child's munmap", child_unmap(&s->child, &s->buffer, 0, 1), 0);
	story_make_writable(s);
	story_write(s, 0);
	expect_stays(s, 0);
	/* The child did not unmap the other page, which is still shared. */
	story_write(s, 1);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 1);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 1, BY_OWNER);
}

SCENARIO(fork, readers_share, "reads by parent and child leave the page shared and in place")
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
	 "of three processes that share a page, the first two writers get copies and the last one "
	 "keeps the page")
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
 * The holder of a GUP reference may still read the page. So a page that was
 * shared is not reused while it has such a reference.
 */
SCENARIO(fork, held_reference_forces_copy,
	 "a write to a page that was shared and has a GUP reference makes a copy, and the holder "
	 "of the reference sees the old bytes")
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
	 "migration moves a shared page for parent and child, and it stays shared; a write then "
	 "makes a copy in memory")
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

/* In the child: by what the counter of resident pages and the page tables differ, in kB. */
static long differ(const struct buffer *buffer, long none)
{
	const long counted = read_counter("/proc/self/status", "RssAnon"),
		   walked = read_counter("/proc/self/smaps_rollup", "Anonymous");

	(void)buffer;
	(void)none;
	return counted < 0 || walked < 0 ? -ENOENT : counted - walked;
}

/* copy_present_ptes(), copy_nonpresent_pte() */
SCENARIO(fork, counted,
	 "the pages that fork() gives to a child count in its resident set, on a device or not")
{
	struct story *s = &self->story;
	struct device private;
	long difference;

	device_open(&private, PLACE_PRIVATE, 1);
	if (!story_on_device(s))
		device_move_to(&private, buffer_page(&s->buffer, 1), 1);
	child_fork(&s->child);
	set_rule(RULE_ACCOUNTS_RETURN);
	difference = child_call(&s->child, &s->buffer, differ, 0);
	expect(!difference, "RssAnon of the child and Anonymous of its smaps differ by %ld kB",
	       difference);
	child_leave(&s->child);
	device_close(&private);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_fork", argc, argv);
}
