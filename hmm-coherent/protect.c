// SPDX-License-Identifier: GPL-2.0
/*
 * mprotect() of pages on a coherent device: R/W -> R/O -> R/W, and pages that
 * were migrated while they were read-only
 *
 * When coherent pages were proposed, their reference count had an offset of
 * one. With it, do_wp_page() would copy each page that was mapped read-only to
 * memory instead of reusing it (claim S5). It must reuse the page.
 */
#include "suite/harness.h"

#include <signal.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "see/pin.h"
#include "story/story.h"

FIXTURE(protect)
{
	struct story story;
};

FIXTURE_VARIANT(protect)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(protect, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(protect, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(protect, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(protect, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

FIXTURE_SETUP(protect)
{
	story_begin(&self->story, variant->place, variant->read_only, 3);
}

FIXTURE_TEARDOWN(protect)
{
	story_end(&self->story);
}

SCENARIO(protect, write_again,
	 "a page that is made writable again is written in place, on its device")
{
	struct story *s = &self->story;

	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
	expect_mapped(s, 0, PERM_RW);
	expect_exclusive(s, 0, true);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(protect, many_rounds,
	 "ten rounds of mprotect() to read-only and back leave the page in place, and each write "
	 "is done in place")
{
	struct story *s = &self->story;
	int round;

	story_make_writable(s);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	for (round = 0; round < 10; round++) {
		story_protect(s, 0, 1, PROT_READ);
		expect_mapped(s, 0, PERM_RO);
		story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
		story_write(s, 0);
		expect_stays(s, 0);
	}
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(protect, migrated_while_mapped,
	 "a page that is migrated keeps the permission of its mapping, and a later write is done "
	 "in place")
{
	struct story *s = &self->story;
	enum permission as_mapped = s->read_only ? PERM_RO : PERM_RW;

	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_mapped(s, 0, as_mapped);
	expect_exclusive(s, 0, true);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_COHERENT);
	expect_mapped(s, 0, as_mapped);
	expect_exclusive(s, 0, true);
	expect_owner_sees(s, 0, BY_OWNER);
	story_remember_frames(s);
	s->place = PLACE_COHERENT;
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

SCENARIO(protect, refused_writes,
	 "no write through a read-only mapping changes anything; through R/W each is done in place")
{
	struct story *s = &self->story;
	const long page = features.page_size;
	struct pin_kind kinds[] = { { .write = true },
				    { .write = true, .fast = true },
				    { .write = true, .pin = true },
				    { .write = true, .pin = true, .fast = true } };
	size_t i;

	set_rule(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_SHORT_PIN_STAYS);
	expect_result("the CPU's write", cpu_write(&s->buffer, 0, 1, BY_OWNER_AGAIN),
		      s->read_only ? KILLED_BY(SIGSEGV) : page);
	for (i = 0; pin_available() && i < ARRAY_SIZE(kinds); i++)
		expect_result("bytes that GUP got for writing",
			      pin_pages(kinds[i], s->buffer.addr, 1), s->read_only ? 0 : page);
	expect_stays(s, 0);
	expect_mapped(s, 0, s->read_only ? PERM_RO : PERM_RW);
	expect_owner_sees(s, 0, s->read_only ? BY_OWNER : BY_OWNER_AGAIN);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
	expect_owner_sees(s, 1, BY_OWNER);
}

SCENARIO(protect, one_of_three,
	 "making one page of a buffer writable does not change the other pages")
{
	struct story *s = &self->story;

	story_protect(s, 0, 3, PROT_READ);
	story_protect(s, 1, 1, PROT_READ | PROT_WRITE);
	story_write(s, 1);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 1);
	expect_owner_sees(s, 1, BY_OWNER_AGAIN);
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	expect_result("a write before it", cpu_write(&s->buffer, 0, 1, BY_OWNER_AGAIN),
		      KILLED_BY(SIGSEGV));
	expect_result("a write behind it", cpu_write(&s->buffer, 2, 1, BY_OWNER_AGAIN),
		      KILLED_BY(SIGSEGV));
	expect_stays(s, 0);
	expect_stays(s, 2);
	expect_owner_sees(s, 2, BY_OWNER);
}

SCENARIO(protect, none_and_back,
	 "with PROT_NONE no access is possible; afterwards page and bytes are the same, and a "
	 "write is done in place")
{
	struct story *s = &self->story;

	story_protect(s, 0, 3, PROT_NONE);
	set_rule(RULE_READ_NEEDS_PERMISSION);
	expect_result("a read", cpu_read(&s->buffer, 0, 1, NULL), KILLED_BY(SIGSEGV));
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	story_protect(s, 0, 3, s->read_only ? PROT_READ : PROT_READ | PROT_WRITE);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
}

/*
 * mprotect() must not make the PTE of a shared page writable: that would bypass
 * COW, as Dirty COW did.
 */
SCENARIO(protect, shared_stays_protected,
	 "mprotect() to R/W does not make the PTE of a shared page writable: a write makes a copy")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	story_make_writable(s);
	story_protect(s, 0, 1, PROT_READ);
	story_protect(s, 0, 1, PROT_READ | PROT_WRITE);
	set_rule(RULE_NO_LEAK);
	expect_mapped(s, 0, PERM_RO);
	expect_exclusive(s, 0, false);
	story_write(s, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	set_rule(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(protect, childs_own_business,
	 "mprotect() by a child does not change the parent's mapping")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("the child's mprotect", child_protect(&s->child, &s->buffer, PROT_NONE), 0);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_result("the child's read", child_read(&s->child, &s->buffer, 0, 1, NULL),
		      KILLED_BY(SIGSEGV));
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	expect_child_keeps_frame(s, &s->child, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_protect", argc, argv);
}
