// SPDX-License-Identifier: GPL-2.0
/*
 * Each way to unmap a page returns it to the driver of the device, at once and
 * exactly once (S3)
 *
 * reach/next_frames.h describes how this is checked.
 */
#include "suite/harness.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/next_frames.h"
#include "story/story.h"

#define PAGES 4
/* The page to which a reference is held, in the variants with one. */
#define HELD 1

FIXTURE(zap)
{
	struct story story;
	size_t size;		/* bytes of a page */
	bool held, shared;	/* as in the variant */
};

FIXTURE_VARIANT(zap)
{
	enum place place;
	bool read_only;
	bool held;		/* a reference on one page outlives the mapping */
	bool shared;		/* a child maps the same pages */
};

FIXTURE_VARIANT_ADD(zap, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(zap, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(zap, coherent_held) { .place = PLACE_COHERENT, .held = true };
FIXTURE_VARIANT_ADD(zap, coherent_shared) { .place = PLACE_COHERENT, .shared = true };
FIXTURE_VARIANT_ADD(zap, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(zap, private_shared) { .place = PLACE_PRIVATE, .shared = true };

FIXTURE_SETUP(zap)
{
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	self->size = features.page_size;
	self->held = variant->held;
	self->shared = variant->shared;
	if (variant->held)
		story_hold(&self->story, HELD);
	if (variant->shared)
		child_fork(&self->story.child);
}

FIXTURE_TEARDOWN(zap)
{
	story_end(&self->story);
}

/*
 * Check that the driver hands out each of the story's frames in @mask once, and
 * none of the others.
 */
static void expect_free_frames(struct story *s, unsigned int mask)
{
	struct buffer next;
	size_t i, times;

	set_rule(RULE_FREED_TO_DRIVER);
	next_frames_take(&next, PAGES, &s->device, s->place);
	for (i = 0; i < PAGES; i++) {
		times = next_frames_count(&next, s->frames[i]);
		expect(times == !!(mask & BIT(i)),
		       "page %zu: its frame 0x%lx is handed out %zu times, not %d: it was %s", i,
		       s->frames[i], times, !!(mask & BIT(i)),
		       times > 1 ? "freed twice" :
		       times	 ? "freed while it is in use" :
				   "not returned");
	}
	next_frames_return(&next);
}

/*
 * Check the pages and their frames after the owner has unmapped the pages in
 * @mask.
 */
static void expect_given_back(FIXTURE_DATA(zap) (*self), unsigned int mask)
{
	const unsigned int held_mask = self->held ? BIT(HELD) : 0;
	struct story *s = &self->story;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		if (mask & BIT(i)) {
			set_rule(RULE_FREED_TO_DRIVER);
			expect_at(s, i, PLACE_NOWHERE);
		} else {
			set_rule(RULE_NOTHING_ELSE_CHANGES);
			expect_stays(s, i);
		}
	}
	expect_free_frames(s, self->shared ? 0 : mask & ~held_mask);
	if (self->shared) {
		set_rule(RULE_NO_LEAK);
		for (i = 0; i < PAGES && s->place != PLACE_PRIVATE; i++)
			expect_child_sees(s, &s->child, i, BY_OWNER);
		child_leave(&s->child);
		expect_free_frames(s, mask);
	}
	if (self->held) {
		set_rule(RULE_NO_LEAK);
		expect_holder_sees(s, HELD, BY_OWNER);
		expect_free_frames(s, mask);
	}
}

#define ALL (BIT(PAGES) - 1)
#define MIDDLE (BIT(1) | BIT(2))

SCENARIO(zap, munmap, "munmap() returns all pages to the driver")
{
	unmap_memory(self->story.buffer.addr, PAGES * self->size);
	expect_given_back(self, ALL);
}

SCENARIO(zap, munmap_middle,
	 "munmap() of the middle returns these pages and leaves the others")
{
	unmap_memory(buffer_page(&self->story.buffer, 1), 2 * self->size);
	expect_given_back(self, MIDDLE);
}

SCENARIO(zap, dontneed, "MADV_DONTNEED returns the pages, and the mapping then reads as zeros")
{
	struct story *s = &self->story;

	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("madvise", madvise(s->buffer.addr, PAGES * self->size, MADV_DONTNEED), 0);
	expect_given_back(self, ALL);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_result("a read of the page after MADV_DONTNEED", cpu_read(&s->buffer, 0, 1, NULL),
		      features.page_size);
	expect_zeros(s->buffer.addr, "the page after MADV_DONTNEED");
}

SCENARIO(zap, dontneed_middle, "MADV_DONTNEED of the middle returns only these pages")
{
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("madvise",
		      madvise(buffer_page(&self->story.buffer, 1), 2 * self->size, MADV_DONTNEED),
		      0);
	expect_given_back(self, MIDDLE);
}

/*
 * madvise_free_pte_range() skips device pages and the entries of private pages,
 * so the call succeeds and does nothing.
 */
SCENARIO(zap, advised_free,
	 "MADV_FREE does not change device pages; munmap() then returns them")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("madvise", madvise(s->buffer.addr, PAGES * self->size, MADV_FREE), 0);
	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		if (s->place == PLACE_COHERENT)	/* a read would migrate a private page back */
			expect_owner_sees(s, i, BY_OWNER);
	}
	unmap_memory(s->buffer.addr, PAGES * self->size);
	expect_given_back(self, ALL);
}

SCENARIO(zap, mapped_over,
	 "mmap() with MAP_FIXED returns the pages of the mapping that it replaces")
{
	set_rule(RULE_FREED_TO_DRIVER);
	expect(mmap(buffer_page(&self->story.buffer, 1), 2 * self->size, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
	       "mmap: %s", strerror(errno));
	expect_given_back(self, MIDDLE);
}

SCENARIO(zap, moved_over,
	 "mremap() onto a mapping returns the pages of the mapping that it replaces")
{
	struct buffer other;

	buffer_map(&other, 2, PLACE_SYSTEM);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(mremap(other.addr, 2 * self->size, 2 * self->size, MREMAP_MAYMOVE | MREMAP_FIXED,
		      buffer_page(&self->story.buffer, 1)) != MAP_FAILED,
	       "mremap: %s", strerror(errno));
	expect_given_back(self, MIDDLE);
}

SCENARIO(zap, shrunk, "mremap() to a smaller size returns the pages at the end")
{
	set_rule(RULE_FREED_TO_DRIVER);
	expect(mremap(self->story.buffer.addr, PAGES * self->size, 3 * self->size, 0) != MAP_FAILED,
	       "mremap: %s", strerror(errno));
	expect_given_back(self, BIT(3));
}

SCENARIO(zap, moved_away,
	 "mremap() to another address moves the pages unchanged; munmap() there returns them")
{
	struct story *s = &self->story;
	unsigned char *from = s->buffer.addr, *to;
	size_t i;

	to = map_memory(PAGES * self->size, PROT_NONE);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect(mremap(from, PAGES * self->size, PAGES * self->size, MREMAP_MAYMOVE | MREMAP_FIXED,
		      to) == to,
	       "mremap: %s", strerror(errno));
	s->buffer.addr = to;
	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		expect_mapped(s, i,
			      !variant->read_only && !variant->shared ? PERM_RW : PERM_RO);
		expect(page_at(0, from + i * self->size).at == PLACE_NOWHERE,
		       "page %zu is still mapped at its old address", i);
	}
	unmap_memory(to, PAGES * self->size);
	/* The child still maps them at the old address. */
	s->buffer.addr = from;
	expect_given_back(self, ALL);
}

SCENARIO(zap, remove_refused,
	 "MADV_REMOVE of anonymous memory returns EINVAL and changes nothing")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("madvise",
		      madvise(s->buffer.addr, PAGES * self->size, MADV_REMOVE) ? -errno : 0,
		      -EINVAL);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
	unmap_memory(s->buffer.addr, PAGES * self->size);
	expect_given_back(self, ALL);
}

/*
 * The last process that maps the pages is a child, which ends in different
 * ways. In the shared variants there are two children.
 */
static void leave_to_child(struct story *s)
{
	if (!s->child.pid)
		child_fork(&s->child);
	else
		child_fork(&s->second_child);
	unmap_memory(s->buffer.addr, PAGES * features.page_size);
	expect_free_frames(s, 0);
}

static struct child *last_owner(struct story *s)
{
	return s->second_child.pid ? &s->second_child : &s->child;
}

SCENARIO(zap, exit, "the exit of the last process that maps the pages returns them to the driver")
{
	leave_to_child(&self->story);
	child_leave(last_owner(&self->story));
	expect_given_back(self, ALL);
}

SCENARIO(zap, killed, "SIGKILL of the last process that maps the pages returns them to the driver")
{
	leave_to_child(&self->story);
	child_kill(last_owner(&self->story));
	expect_given_back(self, ALL);
}

SCENARIO(zap, exec, "execve() by the last process that maps the pages returns them to the driver")
{
	leave_to_child(&self->story);
	child_exec(last_owner(&self->story));
	expect_given_back(self, ALL);
}

SCENARIO(zap, reaped_memory,
	 "process_mrelease() of a killed process and its exit return the pages only once")
{
	struct story *s = &self->story;
	struct child *last;
	int pidfd;

	leave_to_child(s);
	last = last_owner(s);
	pidfd = syscall(SYS_pidfd_open, last->pid, 0);
	if (pidfd < 0)
		syscall_failed("pidfd_open", errno);
	kill(last->pid, SIGKILL);
	set_rule(RULE_FREED_TO_DRIVER);
	/* ESRCH: the process had already exited. */
	expect(!syscall(SYS_process_mrelease, pidfd, 0) || errno == ESRCH, "process_mrelease: %s",
	       strerror(errno));
	close(pidfd);
	child_kill(last);
	expect_given_back(self, ALL);
}

/*
 * A fork that fails after the address space was copied: clone3() requests a PID
 * that is in use, and copy_process() calls alloc_pid() after copy_mm().
 */
SCENARIO(zap, failed_fork,
	 "a fork that fails after copying the address space leaves no mapping and no reference "
	 "behind")
{
	struct story *s = &self->story;
	pid_t taken = getpid();
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&taken,
				   .set_tid_size = 1 };
	size_t i;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("clone3 with a PID that is in use",
		      syscall(SYS_clone3, &args, sizeof(args)) < 0 ? -errno : 0, -EEXIST);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
	if (!variant->shared && !variant->held && s->place == PLACE_COHERENT) {
		set_rule(RULE_LAST_SHARER_REUSES);
		story_make_writable(s);
		story_write(s, 0);
		expect_stays(s, 0);
		expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	}
	unmap_memory(s->buffer.addr, PAGES * self->size);
	expect_given_back(self, ALL);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_zap", argc, argv);
}
