// SPDX-License-Identifier: GPL-2.0
/*
 * Every way to unmap a page gives it back to the device's driver: at once,
 * once, and with all that it cost (S3)
 *
 * The driver has no counter to ask. But its free pages are a list, out of which
 * the page that came back last goes out first (dmirror_devmem_free(),
 * lib/test_hmm.c). So the frames that a migration gets right after an unmap are
 * the ones that the unmap gave back; one that leaked is not among them, one
 * that was given back twice is there twice.
 */
#include "suite/harness.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 4
/* The page on which somebody else holds a reference, in the variants that have such a one. */
#define HELD 1

FIXTURE(zap)
{
	struct story story;
	size_t size;
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
	if (variant->held)
		story_hold(&self->story, HELD);
	if (variant->shared)
		child_fork(&self->story.child);
}

FIXTURE_TEARDOWN(zap)
{
	story_end(&self->story);
}

/* How often each frame of the story goes out to a buffer that is migrated now. */
static void frames_going_out(struct story *s, int times[PAGES])
{
	struct buffer next;
	size_t i, j;

	buffer_map(&next, PAGES, s->place);
	buffer_write(&next, 0, PAGES, BY_OWNER);
	device_move_to(&s->device, next.addr, PAGES);
	memset(times, 0, PAGES * sizeof(*times));
	for (i = 0; i < PAGES; i++) {
		struct page page = page_at(0, buffer_page(&next, i));

		set_rule(RULE_ENTRY);
		must(page.at == s->place, "a page to find free frames with is %s after migration",
		     place_name(page.at));
		for (j = 0; j < PAGES; j++)
			times[j] += page.pfn == s->frames[j];
	}
	set_rule(RULE_FREED_TO_DRIVER);
	expect(read_page(next.addr, next.serial, 0, BY_OWNER, BY_OWNER) == DATA_OLD,
	       "a frame that was given back has a second user");
	/* Last out, first in: the list is as it was found. */
	for (i = PAGES; i--;)
		unmap_memory(buffer_page(&next, i), features.page_size);
}

/*
 * Of the story's frames, those in @mask are free: each goes out once; the
 * others are somebody's and go out to nobody.
 */
static void expect_free_frames(struct story *s, unsigned int mask)
{
	int times[PAGES];
	size_t i;

	set_rule(RULE_FREED_TO_DRIVER);
	frames_going_out(s, times);
	for (i = 0; i < PAGES; i++)
		expect(times[i] == !!(mask & BIT(i)),
		       "page %zu: its frame 0x%lx goes out %d times, not %d: it was %s", i,
		       s->frames[i], times[i], !!(mask & BIT(i)),
		       times[i] > 1 ? "freed twice" :
		       times[i]	    ? "freed while somebody has it" :
				      "not given back");
}

/*
 * The owner has just unmapped the pages in @mask, by whatever means: what is
 * left of them, and who has them now.
 */
static void expect_given_back(struct story *s, bool held, bool shared, unsigned int mask)
{
	const unsigned int held_mask = held ? BIT(HELD) : 0;
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
	expect_free_frames(s, shared ? 0 : mask & ~held_mask);
	if (shared) {
		set_rule(RULE_NO_LEAK);
		for (i = 0; i < PAGES && s->place != PLACE_PRIVATE; i++)
			expect_child_sees(s, &s->child, i, BY_OWNER);
		child_leave(&s->child);
		expect_free_frames(s, mask);
	}
	if (held) {
		set_rule(RULE_NO_LEAK);
		expect_holder_sees(s, HELD, BY_OWNER);
		expect_free_frames(s, mask);
	}
}

#define EXPECT_GIVEN_BACK(mask) \
	expect_given_back(&self->story, variant->held, variant->shared, mask)
#define ALL (BIT(PAGES) - 1)
#define MIDDLE (BIT(1) | BIT(2))

SCENARIO(zap, munmap, "munmap gives all pages back")
{
	unmap_memory(self->story.buffer.addr, PAGES * self->size);
	EXPECT_GIVEN_BACK(ALL);
}

SCENARIO(zap, munmap_middle,
	 "munmap of the middle gives the middle back, and leaves the ends alone")
{
	unmap_memory(buffer_page(&self->story.buffer, 1), 2 * self->size);
	EXPECT_GIVEN_BACK(MIDDLE);
}

SCENARIO(zap, dontneed, "MADV_DONTNEED gives the pages back, the mapping stays and is empty")
{
	struct story *s = &self->story;

	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("madvise", madvise(s->buffer.addr, PAGES * self->size, MADV_DONTNEED), 0);
	EXPECT_GIVEN_BACK(ALL);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_result("a read of the emptied page", cpu_read(&s->buffer, 0, 1, NULL),
		      features.page_size);
	expect(read_page(s->buffer.addr, s->buffer.serial, 0, BY_OWNER, BY_OWNER) == DATA_ZERO,
	       "the emptied page is not zero");
}

SCENARIO(zap, dontneed_middle, "MADV_DONTNEED of the middle gives just that back")
{
	set_rule(RULE_FREED_TO_DRIVER);
	expect_result("madvise",
		      madvise(buffer_page(&self->story.buffer, 1), 2 * self->size, MADV_DONTNEED),
		      0);
	EXPECT_GIVEN_BACK(MIDDLE);
}

/*
 * madvise_free_pte_range() passes over a device's page, and over the entry of a
 * private one: the advice is taken and does nothing.
 */
SCENARIO(zap, advised_free,
	 "MADV_FREE leaves device pages where they are, with their bytes; munmap then gives them "
	 "back")
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("madvise", madvise(s->buffer.addr, PAGES * self->size, MADV_FREE), 0);
	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		if (s->place == PLACE_COHERENT)	/* reading a private one would bring it back */
			expect_owner_sees(s, i, BY_OWNER);
	}
	unmap_memory(s->buffer.addr, PAGES * self->size);
	EXPECT_GIVEN_BACK(ALL);
}

SCENARIO(zap, mapped_over, "a mapping put on top with MAP_FIXED gives back what was below")
{
	set_rule(RULE_FREED_TO_DRIVER);
	expect(mmap(buffer_page(&self->story.buffer, 1), 2 * self->size, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
	       "mmap: %s", strerror(errno));
	EXPECT_GIVEN_BACK(MIDDLE);
}

SCENARIO(zap, moved_over, "a mapping moved on top by mremap gives back what was below")
{
	struct buffer other;

	buffer_map(&other, 2, PLACE_SYSTEM);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(mremap(other.addr, 2 * self->size, 2 * self->size, MREMAP_MAYMOVE | MREMAP_FIXED,
		      buffer_page(&self->story.buffer, 1)) != MAP_FAILED,
	       "mremap: %s", strerror(errno));
	EXPECT_GIVEN_BACK(MIDDLE);
}

SCENARIO(zap, shrunk, "mremap to a smaller size gives the tail back")
{
	set_rule(RULE_FREED_TO_DRIVER);
	expect(mremap(self->story.buffer.addr, PAGES * self->size, 3 * self->size, 0) != MAP_FAILED,
	       "mremap: %s", strerror(errno));
	EXPECT_GIVEN_BACK(BIT(3));
}

SCENARIO(zap, moved_away,
	 "mremap to another place takes the pages along as they are; unmapped there, they go back")
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
		expect_mapped(s, i, !variant->read_only && !variant->shared ? PERM_RW : PERM_RO);
		expect(page_at(0, from + i * self->size).at == PLACE_NOWHERE,
		       "page %zu is still mapped at its old address", i);
	}
	unmap_memory(to, PAGES * self->size);
	/* The child has them where they were. */
	s->buffer.addr = from;
	EXPECT_GIVEN_BACK(ALL);
}

SCENARIO(zap, remove_refused,
	 "MADV_REMOVE has nothing to truncate in anonymous memory: EINVAL, and nothing changes")
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
	EXPECT_GIVEN_BACK(ALL);
}

/*
 * The pages are mapped by a child only, and that ends: each way for an address
 * space to go. Held and shared as above; the sharer is a second child.
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

/* The child has gone; in the shared variants the first one has not. */
#define EXPECT_CHILD_GAVE_BACK() \
	expect_given_back(&self->story, variant->held, variant->shared, ALL)
#define LAST_OWNER(s) ((s)->second_child.pid ? &(s)->second_child : &(s)->child)

SCENARIO(zap, exit, "the exit of the last process that maps them gives the pages back")
{
	leave_to_child(&self->story);
	child_leave(LAST_OWNER(&self->story));
	EXPECT_CHILD_GAVE_BACK();
}

SCENARIO(zap, killed, "SIGKILL of the last process that maps them gives the pages back")
{
	leave_to_child(&self->story);
	child_kill(LAST_OWNER(&self->story));
	EXPECT_CHILD_GAVE_BACK();
}

SCENARIO(zap, exec, "execve by the last process that maps them gives the pages back")
{
	leave_to_child(&self->story);
	child_exec(LAST_OWNER(&self->story));
	EXPECT_CHILD_GAVE_BACK();
}

SCENARIO(zap, reaped_memory,
	 "process_mrelease of a killed process gives the pages back, once, whoever is first")
{
	struct story *s = &self->story;
	struct child *last;
	int pidfd;

	leave_to_child(s);
	last = LAST_OWNER(s);
	pidfd = syscall(SYS_pidfd_open, last->pid, 0);
	if (pidfd < 0)
		syscall_failed("pidfd_open", errno);
	kill(last->pid, SIGKILL);
	set_rule(RULE_FREED_TO_DRIVER);
	/* ESRCH: its exit was faster. */
	expect(!syscall(SYS_process_mrelease, pidfd, 0) || errno == ESRCH, "process_mrelease: %s",
	       strerror(errno));
	close(pidfd);
	child_kill(last);
	EXPECT_CHILD_GAVE_BACK();
}

/*
 * A fork that fails after the address space was copied: the wish for a process
 * number that is taken is refused last of all (alloc_pid() comes after
 * copy_mm() in copy_process()).
 */
SCENARIO(zap, failed_fork, "a fork that fails half way leaves no mapping and no reference behind")
{
	struct story *s = &self->story;
	pid_t taken = getpid();
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&taken,
				   .set_tid_size = 1 };
	size_t i;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("clone3 with a taken number",
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
	EXPECT_GIVEN_BACK(ALL);
}

FIXTURE(orphans)
{
	struct device device;
};

FIXTURE_VARIANT(orphans)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(orphans, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(orphans, remote) { .place = PLACE_REMOTE };

FIXTURE_SETUP(orphans)
{
	device_open(&self->device, variant->place, 1);
}

FIXTURE_TEARDOWN(orphans)
{
	device_close(&self->device);
}

/*
 * The owner of the mirror dies, and the page lives on in its child. Orphans do
 * nothing here but exist, look at their page when told, and go: P maps and
 * migrates a page and forks C, then dies; C holds P's open device, so nothing
 * is evicted before C goes too.
 */
struct orphan {
	int from, to;		/* C writes what it sees, and ends with the pipe from the test */
	pid_t parent, child;
	unsigned char *addr;	/* in C */
	uint32_t serial;
};

static void live_as_orphan(enum place place, int from, int to)
{
	struct device device;
	struct buffer buffer;
	struct orphan me = { .from = from };
	enum data seen;
	pid_t forked;
	char byte;

	device_open(&device, place, 1);
	buffer_map(&buffer, 1, place);
	buffer_write(&buffer, 0, 1, BY_OWNER);
	device_move_to(&device, buffer.addr, 1);
	me.parent = getpid();
	forked = fork();
	if (forked)
		_exit(forked < 0 ? 1 : 0);
	me.child = getpid();
	me.addr = buffer.addr;
	me.serial = buffer.serial;
	while (getppid() == me.parent)
		sched_yield();
	if (write(to, &me, sizeof(me)) != sizeof(me) || read(from, &byte, 1) != 1)
		_exit(1);
	seen = read_page(buffer.addr, buffer.serial, 0, BY_OWNER, BY_OWNER);
	if (write(to, &seen, sizeof(seen)) != sizeof(seen))
		_exit(1);
	_exit(read(from, &byte, 1) == 0 ? 0 : 1);
}

/* In slices, so that a signal cannot make it wait for ever. */
static bool is_ready(void *fd)
{
	return poll(fd, 1, 100) == 1;
}

static void receive(int from, void *what, size_t size)
{
	struct pollfd ready = { .fd = from, .events = POLLIN };

	const bool answers = wait_until(is_ready, &ready, 20);

	set_rule(RULE_LEGAL_CALLS_WORK);
	must(answers && read(from, what, size) == (ssize_t)size, "an orphan does not answer%s",
	     answers ? ": it has died" : " within 20 s");
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		broken("process %d of the orphans cannot be waited for: %s", pid, strerror(errno));
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(!WIFSIGNALED(status), "a process of the orphans was killed by %s",
	     strsignal(WTERMSIG(status)));
	if (status)
		broken("process %d of the orphans ended with wait status 0x%x", pid, status);
}

SCENARIO(orphans, last_owner,
	 "a page outlives the process that migrated it, in a child of that, and goes back when "
	 "the child does")
{
	struct orphan orphan;
	struct buffer next;
	int orders[2], answers[2];
	struct page page;
	enum data seen;
	pid_t pid;

	if (pipe(orders) || pipe(answers))
		syscall_failed("pipe", errno);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid < 0)
		syscall_failed("fork", errno);
	if (!pid) {
		close(orders[1]);
		close(answers[0]);
		live_as_orphan(variant->place, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	receive(answers[0], &orphan, sizeof(orphan));
	reap(orphan.parent);
	page = page_at(orphan.child, orphan.addr);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect(page.at == variant->place, "the orphan's page is %s, not %s", place_name(page.at),
	       place_name(variant->place));
	if (write(orders[1], "?", 1) != 1)
		broken("the orphan is gone");
	receive(answers[0], &seen, sizeof(seen));
	set_rule(RULE_NO_LEAK);
	expect(seen == DATA_OLD, "the orphan sees %s bytes", data_name(seen));
	close(orders[1]);
	reap(orphan.child);

	buffer_map(&next, 1, variant->place);
	buffer_write(&next, 0, 1, BY_OWNER);
	device_move_to(&self->device, next.addr, 1);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(page_at(0, next.addr).pfn == page.pfn,
	       "the orphan's frame 0x%lx is not the one that goes out next", page.pfn);
	buffer_unmap(&next);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_zap", argc, argv);
}
