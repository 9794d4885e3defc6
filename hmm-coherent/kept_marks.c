// SPDX-License-Identifier: GPL-2.0
/*
 * Write protection by userfaultfd and the soft-dirty bit of a page that GUP
 * copies, or writes although its mapping is read-only
 *
 * These are write faults that no store of the owner has caused: FOLL_PIN for
 * reading makes a copy of a shared page (FAULT_FLAG_UNSHARE), and FOLL_FORCE
 * writes through a mapping without VM_WRITE. Both have paths of their own, which
 * must keep the marks of the page, and stop at them.
 */
#include "suite/harness.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/monitor.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(kept_marks)
{
	struct story story;
	int monitor;		/* -1: none */
	struct child debugger;	/* does not map the pages */
};

FIXTURE_VARIANT(kept_marks)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(kept_marks, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(kept_marks, system) { .place = PLACE_SYSTEM };

WHY_NOT(kept_marks)
{
	if (!strncmp(test, "unshared", strlen("unshared")) && !features.gup_test)
		return "this kernel has no gup_test";
	return NULL;
}

FIXTURE_SETUP(kept_marks)
{
	self->monitor = -1;
	child_fork(&self->debugger);
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(kept_marks)
{
	if (self->monitor >= 0)
		close(self->monitor);
	child_leave(&self->debugger);
	story_end(&self->story);
}

/* Write-protect page 0 and no other. */
static void protect_first(FIXTURE_DATA(kept_marks) (*self))
{
	struct buffer *buffer = &self->story.buffer;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(buffer->addr, buffer->size, 0);
	monitor_protect(self->monitor, buffer->addr, features.page_size, true);
}

static void expect_protected(struct story *s)
{
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("page 0", story_page(s, 0), true);
	expect_uffd_wp("page 1", story_page(s, 1), false);
	expect_result("a write to page 0", cpu_write(&s->buffer, 0, 1, BY_OTHER),
		      KILLED_BY(SIGBUS));
	expect_result("a write to page 1", cpu_write(&s->buffer, 1, 1, BY_OWNER_AGAIN),
		      features.page_size);
	expect_owner_sees(s, 0, BY_OWNER);
}

static void expect_tracked(struct story *s, bool first, bool second)
{
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_soft_dirty("is page 0 soft-dirty", story_page(s, 0), first);
	expect_soft_dirty("is page 1 soft-dirty", story_page(s, 1), second);
}

/* Share the pages with a child, and let a pin for reading copy them. */
static void copy_by_pin(struct story *s)
{
	child_fork(&s->child);
	set_rule(RULE_PIN_UNSHARES);
	expect_result("bytes pinned",
		      pin_pages((struct pin_kind){ .pin = true }, s->buffer.addr, PAGES),
		      s->buffer.size);
	expect_other_frame(s, 0);
	expect_other_frame(s, 1);
	expect_child_sees(s, &s->child, 1, BY_OWNER);
}

SCENARIO(kept_marks, unshared_protected,
	 "the copy that a pin for reading makes of a protected page is protected")
{
	protect_first(self);
	copy_by_pin(&self->story);
	expect_protected(&self->story);
}

SCENARIO(kept_marks, unshared_tracked,
	 "the copy that a pin for reading makes is soft-dirty if the page was, and not otherwise")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	clear_soft_dirty();
	story_write(s, 0);
	expect_tracked(s, true, false);
	copy_by_pin(s);
	expect_tracked(s, true, false);
	story_write(s, 1);
	expect_tracked(s, true, true);
}

/* ptrace() writes with FOLL_FORCE, a word at a time. */
SCENARIO(kept_marks, forced_protected,
	 "a debugger's write to a read-only page that userfaultfd protects fails and changes "
	 "nothing; to the next page it works")
{
	struct story *s = &self->story;

	protect_first(self);
	story_protect(s, 0, PAGES, PROT_READ);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a debugger's write to the protected page",
		      other_poke(&self->debugger, &s->buffer, 0, 1), -EIO);
	expect_result("its write to the next page", other_poke(&self->debugger, &s->buffer, 1, 1),
		      features.page_size);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, 1, BY_OTHER);
	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	expect_protected(s);
}

SCENARIO(kept_marks, forced_tracked,
	 "a debugger's write to a read-only page makes it soft-dirty, and no other page")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	story_protect(s, 0, PAGES, PROT_READ);
	clear_soft_dirty();
	expect_tracked(s, false, false);
	expect_result("a debugger's write", other_poke(&self->debugger, &s->buffer, 0, 1),
		      features.page_size);
	expect_tracked(s, true, false);
	expect_owner_sees(s, 0, BY_OTHER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_kept_marks", argc, argv);
}
