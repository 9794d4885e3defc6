// SPDX-License-Identifier: GPL-2.0
/*
 * Write protection by userfaultfd of pages on a private device (S5)
 *
 * The page table has an entry that is not present, which mprotect(), fork() and
 * mremap() write anew. Its bit for the protection must be right afterwards.
 */
#include "suite/harness.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/monitor.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(private_marks)
{
	struct story story;
	int monitor;		/* -1: none */
};

FIXTURE_VARIANT(private_marks)
{
	bool read_only;		/* when it is protected; the test makes it writable */
};

FIXTURE_VARIANT_ADD(private_marks, rw) { .read_only = false };
FIXTURE_VARIANT_ADD(private_marks, ro) { .read_only = true };

FIXTURE_SETUP(private_marks)
{
	struct buffer *buffer = &self->story.buffer;

	self->monitor = -1;
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	story_begin(&self->story, PLACE_PRIVATE, variant->read_only, PAGES);
	self->monitor = monitor_open(buffer->addr, buffer->size, 0);
	/* All but the last. */
	monitor_protect(self->monitor, buffer->addr, 2 * features.page_size, true);
}

FIXTURE_TEARDOWN(private_marks)
{
	if (self->monitor >= 0)
		close(self->monitor);
	story_end(&self->story);
}

/* Are the first two pages protected, in the mapping at @addr of the process @pid? */
static void expect_marks(pid_t pid, unsigned char *addr, bool on)
{
	set_rule(on ? RULE_UFFD_STOPS_WRITES : RULE_MONITOR_LETS_GO);
	expect_uffd_wp("page 0", page_at(pid, addr), on);
	expect_uffd_wp("page 1", page_at(pid, addr + features.page_size), on);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("page 2", page_at(pid, addr + 2 * features.page_size), false);
}

/* The CPU brings each page back, and a write is stopped where it is protected. */
static void expect_stopped(struct story *s, bool on)
{
	struct buffer *buffer = &s->buffer;

	protect_memory(buffer->addr, buffer->size, PROT_READ | PROT_WRITE);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a write to page 0", cpu_write(buffer, 0, 1, BY_OTHER),
		      on ? KILLED_BY(SIGBUS) : (long)features.page_size);
	expect_result("a write to page 2", cpu_write(buffer, 2, 1, BY_OTHER), features.page_size);
}

SCENARIO(private_marks, mprotected,
	 "mprotect() to read-only, to no access and to writable keeps the protection")
{
	struct buffer *buffer = &self->story.buffer;

	expect_marks(0, buffer->addr, true);
	protect_memory(buffer->addr, buffer->size, PROT_READ);
	expect_marks(0, buffer->addr, true);
	protect_memory(buffer->addr, buffer->size, PROT_NONE);
	expect_marks(0, buffer->addr, true);
	protect_memory(buffer->addr, buffer->size, PROT_READ | PROT_WRITE);
	expect_marks(0, buffer->addr, true);
	expect_stopped(&self->story, true);
}

SCENARIO(private_marks, forked,
	 "fork() keeps the protection of the parent, and gives none to the child")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	expect_marks(0, s->buffer.addr, true);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_marks(s->child.pid, s->buffer.addr, false);
	expect_stopped(s, true);
	expect_child_sees(s, &s->child, 2, BY_OWNER);
}

/* try_to_migrate_one() finds the parent's entry by the page: it must take its marks over. */
SCENARIO(private_marks, returned_by_child,
	 "a page that a child's access brings back stays protected for the parent, and is not for "
	 "the child")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	set_rule(RULE_PRIVATE_FAULTS_BACK);
	expect(in_memory(story_page(s, 0).at), "the parent's page is %s",
	       place_name(story_page(s, 0).at));
	expect_marks(0, s->buffer.addr, true);
	expect_marks(s->child.pid, s->buffer.addr, false);
	expect_stopped(s, true);
}

SCENARIO(private_marks, released, "the monitor removes the protection, and a write is done")
{
	struct buffer *buffer = &self->story.buffer;

	monitor_protect(self->monitor, buffer->addr, buffer->size, false);
	expect_marks(0, buffer->addr, false);
	expect_stopped(&self->story, false);
}

SCENARIO(private_marks, moved,
	 "pages that mremap() moves to a mapping that is not watched are not protected there")
{
	struct buffer *buffer = &self->story.buffer;
	unsigned char *to = map_memory(buffer->size, PROT_NONE);

	move_memory(buffer->addr, buffer->size, to);
	buffer->addr = to;
	expect_marks(0, to, false);
	expect_stopped(&self->story, false);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_private_marks", argc, argv);
}
