// SPDX-License-Identifier: GPL-2.0
/*
 * What a user may do without capabilities, and what is refused: locked memory up
 * to RLIMIT_MEMLOCK, advice about its own memory, and moves of what others share
 *
 * The other tests have all rights, so that they do not see these checks.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/userfaultfd.h>
#include <numaif.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/advice.h"
#include "kernel/kernel.h"
#include "kernel/limit.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/swap.h"
#include "story/story.h"

#define PAGES 5
#define MAY_LOCK 4
/* Any user but root. */
#define USER 54321

FIXTURE(unprivileged)
{
	struct story story;
	unsigned char *area;	/* room for a mapping that grows; nothing is mapped there */
	struct child other;
	int file;		/* -1: none */
};

FIXTURE_VARIANT(unprivileged)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(unprivileged, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(unprivileged, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(unprivileged)
{
	self->file = -1;
	story_begin(&self->story, variant->place, false, PAGES);
	self->area = map_memory(2 * PAGES * features.page_size, PROT_NONE);
	unmap_memory(self->area, 2 * PAGES * features.page_size);
}

FIXTURE_TEARDOWN(unprivileged)
{
	if (self->file >= 0)
		close(self->file);
	child_leave(&self->other);
	story_end(&self->story);
}

/*
 * Without an effective user ID of 0 there are no effective capabilities
 * (cap_emulate_setxuid()); the next change restores them.
 */
static void become(uid_t user)
{
	if (seteuid(user))
		syscall_failed("seteuid", errno);
	/* The change of the user would hide pagemap and the like from this process. */
	if (prctl(PR_SET_DUMPABLE, 1))
		syscall_failed("PR_SET_DUMPABLE", errno);
}

static long lock(struct story *s, size_t first, size_t count)
{
	return errno_of(mlock(buffer_page(&s->buffer, first), count * features.page_size));
}

static void expect_locked(long pages)
{
	set_rule(RULE_MAPPINGS_ARE_COUNTED);
	expect_result("VmLck, in pages",
		      read_counter("/proc/self/status", "VmLck") * 1024 /
			      (long)features.page_size,
		      pages);
	set_rule(RULE_LOCKED_WITHIN_LIMIT);
}

SCENARIO(unprivileged, locked,
	 "mlock() succeeds up to the limit, also of memory that is locked already, and fails with "
	 "ENOMEM beyond it")
{
	struct story *s = &self->story;

	limit_pinned_pages(MAY_LOCK);
	set_rule(RULE_LOCKED_WITHIN_LIMIT);
	expect_result("mlock up to the limit", lock(s, 0, MAY_LOCK), 0);
	expect_locked(MAY_LOCK);
	expect_result("mlock of the same pages", lock(s, 0, MAY_LOCK), 0);
	expect_result("mlock of a part of them", lock(s, 1, 2), 0);
	expect_result("mlock of one more", lock(s, MAY_LOCK, 1), -ENOMEM);
	expect_result("mlock of one more with those before it", lock(s, 2, PAGES - 2), -ENOMEM);
	expect_locked(MAY_LOCK);
	expect_result("munlock of two", errno_of(munlock(s->buffer.addr, 2 * features.page_size)),
		      0);
	expect_result("mlock of one more with those before it", lock(s, 2, PAGES - 2), 0);
	expect_locked(3);
}

/* The kernel may take memory of any zone. */
static long pages_in_memory(const void *addr, size_t count)
{
	return pages_at(addr, count, PLACE_SYSTEM) + pages_at(addr, count, PLACE_MOVABLE);
}

/* Lock @count pages of new memory, and let the mapping grow to @grown pages. */
static long grow(FIXTURE_DATA(unprivileged) (*self), size_t count, size_t grown)
{
	void *at = mmap(self->area, count * features.page_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at != self->area)
		syscall_failed("mmap", errno);
	expect_result("mlock", errno_of(mlock(at, count * features.page_size)), 0);
	at = mremap(at, count * features.page_size, grown * features.page_size, 0);
	return at == MAP_FAILED ? -errno : 0;
}

SCENARIO(unprivileged, locked_grows,
	 "locked memory grows with mremap() up to the limit, with its new pages in memory, and "
	 "beyond it fails with EAGAIN")
{
	const size_t size = features.page_size;

	limit_pinned_pages(MAY_LOCK);
	set_rule(RULE_LOCKED_WITHIN_LIMIT);
	expect_result("mremap beyond the limit", grow(self, MAY_LOCK - 1, MAY_LOCK + 1), -EAGAIN);
	expect_locked(MAY_LOCK - 1);
	expect_result("mmap with MAP_LOCKED beyond the limit",
		      mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) == MAP_FAILED ?
			      -errno :
			      0,
		      -EAGAIN);
	expect_result("mremap up to the limit",
		      mremap(self->area, (MAY_LOCK - 1) * size, MAY_LOCK * size, 0) ==
				      self->area ?
			      0 :
			      -errno,
		      0);
	expect_locked(MAY_LOCK);
	expect_result("pages that are in memory", pages_in_memory(self->area, MAY_LOCK),
		      MAY_LOCK);
	unmap_memory(self->area, MAY_LOCK * size);
	expect_locked(0);
}

SCENARIO(unprivileged, locked_later,
	 "mlock2(MLOCK_ONFAULT) brings in no page, mlock() of the same memory brings in all")
{
	const size_t size = PAGES * features.page_size;
	unsigned char *memory = map_memory(size, PROT_READ | PROT_WRITE);

	set_rule(RULE_LOCKED_WITHIN_LIMIT);
	expect_result("mlock2", errno_of(mlock2(memory, size, MLOCK_ONFAULT)), 0);
	expect_locked(PAGES);
	expect_result("pages in memory", pages_in_memory(memory, PAGES), 0);
	memory[0] = 1;
	expect_result("pages in memory after a write", pages_in_memory(memory, PAGES), 1);
	expect_result("mlock", errno_of(mlock(memory, size)), 0);
	expect_locked(PAGES);
	expect_result("pages in memory after mlock", pages_in_memory(memory, PAGES), PAGES);
	unmap_memory(memory, size);
	expect_locked(0);
}

/* A private mapping of a file of another user, with a private copy of its first page. */
static unsigned char *map_foreign(FIXTURE_DATA(unprivileged) (*self))
{
	const size_t size = 2 * features.page_size;
	struct story *s = &self->story;
	unsigned char *at;

	self->file = memfd_create("foreign", MFD_CLOEXEC);
	if (self->file < 0 || ftruncate(self->file, size) || fchmod(self->file, 0400))
		syscall_failed("memfd_create", errno);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->file, 0);
	if (at == MAP_FAILED)
		syscall_failed("mmap", errno);
	write_page(at, s->buffer.serial, 0, BY_OWNER);
	(void)*(volatile unsigned char *)(at + features.page_size);
	if (story_on_device(s))
		device_move_to(&s->device, at, 1);
	set_rule(RULE_ENTRY);
	must((page_at(0, at).at == PLACE_COHERENT) == story_on_device(s),
	     "the private copy is %s", place_name(page_at(0, at).at));
	return at;
}

SCENARIO(unprivileged, paged_out,
	 "MADV_PAGEOUT of a file that the user may not write swaps out the private copy, leaves a "
	 "page on the device, and leaves the page of the file mapped")
{
	struct story *s = &self->story;
	unsigned char *at = map_foreign(self);
	const bool swapped = !story_on_device(s) && kernel_has(CHANGE_PAGEOUT_PRIVATE_COPIES);
	long result;

	swap_on();
	drain_lru_batches();
	become(USER);
	result = errno_of(madvise(at, 2 * features.page_size, MADV_PAGEOUT));
	become(0);
	set_rule(RULE_RIGHTS);
	expect_result("MADV_PAGEOUT", result, 0);
	expect_result("the private copy is swapped out", page_at(0, at).at == PLACE_SWAPPED,
		      swapped);
	expect_result("the private copy is on the device", page_at(0, at).at == PLACE_COHERENT,
		      story_on_device(s));
	expect(page_at(0, at + features.page_size).present, "the page of the file is not mapped");
	expect_bytes(at, s->buffer.serial, 0, BY_OWNER, "the private copy");
	unmap_memory(at, 2 * features.page_size);
}

static int residence(unsigned char *page)
{
	unsigned char vector = 0;

	if (mincore(page, features.page_size, &vector))
		syscall_failed("mincore", errno);
	return vector & 1;
}

/* can_do_mincore(), mm/mincore.c */
SCENARIO(unprivileged, asked_for_pages,
	 "mincore() of a file that the user may not write says that all pages are in memory, also "
	 "a hole; with all rights, it says which are")
{
	unsigned char *at = map_foreign(self);
	const size_t page = features.page_size;
	int hole;

	if (fallocate(self->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page, page))
		syscall_failed("FALLOC_FL_PUNCH_HOLE", errno);
	become(USER);
	hole = residence(at + page);
	become(0);
	set_rule(RULE_RIGHTS);
	expect_result("residence of a hole, as mincore() tells the user", hole, 1);
	expect_result("the same with all rights", residence(at + page), 0);
	expect_result("residence of the private copy", residence(at), 1);
	unmap_memory(at, 2 * page);
}

/* UFFDIO_API with @features_asked. Returns 0 or -errno. */
static long ask_features(int monitor, unsigned long long features_asked)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features_asked };

	return errno_of(ioctl(monitor, UFFDIO_API, &api));
}

/* userfaultfd_api(): the reader of the event gets a userfaultfd of the child's memory. */
SCENARIO(unprivileged, told_of_forks,
	 "a userfaultfd that tells of fork() needs CAP_SYS_PTRACE; one of user faults does not")
{
	const int flags = O_CLOEXEC | UFFD_USER_MODE_ONLY;
	int monitor, other;
	long told, untold;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	monitor = syscall(SYS_userfaultfd, flags);
	other = syscall(SYS_userfaultfd, flags);
	if (monitor < 0 || other < 0)
		syscall_failed("userfaultfd", errno);
	become(USER);
	told = ask_features(monitor, UFFD_FEATURE_EVENT_FORK);
	untold = ask_features(other, UFFD_FEATURE_EVENT_REMOVE);
	become(0);
	set_rule(RULE_RIGHTS);
	expect_result("UFFDIO_API with UFFD_FEATURE_EVENT_FORK", told, -EPERM);
	expect_result("UFFDIO_API with another event", untold, 0);
	expect_result("the first one with all rights",
		      ask_features(monitor, UFFD_FEATURE_EVENT_FORK), 0);
	close(monitor);
	close(other);
}

static long advise(pid_t pid, void *addr, int advice)
{
	struct iovec range = { addr, features.page_size };
	const int process = syscall(SYS_pidfd_open, pid, 0);
	long result;

	if (process < 0)
		syscall_failed("pidfd_open", errno);
	result = errno_of(syscall(SYS_process_madvise, process, &range, 1, advice, 0));
	close(process);
	return result;
}

/* In the child: the same user, and no more capabilities than the caller. */
static long become_here(const struct buffer *buffer, long user)
{
	(void)buffer;
	if (setresuid(user, user, user) || prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return 0;
}

SCENARIO(unprivileged, advised,
	 "process_madvise() of another process of the user needs CAP_SYS_NICE, of the caller "
	 "itself not (since 6.12)")
{
	struct story *s = &self->story;
	long own, of_another;

	child_fork(&self->other);
	if (child_call(&self->other, &s->buffer, become_here, USER))
		not_prepared("a child cannot become another user");
	become(USER);
	own = advise(getpid(), s->buffer.addr, MADV_COLD);
	of_another = advise(self->other.pid, s->buffer.addr, MADV_COLD);
	become(0);
	set_rule(RULE_RIGHTS);
	expect_result("advice to the caller itself", own,
		      kernel_has(CHANGE_ADVICE_TO_SELF) ? (long)features.page_size : -EPERM);
	expect_result("advice to another process", of_another, -EPERM);
	expect_result("the same with all rights", advise(self->other.pid, s->buffer.addr,
							 MADV_COLD),
		      features.page_size);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(unprivileged, moved,
	 "MPOL_MF_MOVE_ALL of move_pages() and mbind() needs CAP_SYS_NICE")
{
	struct story *s = &self->story;
	const unsigned long nodes = 1;
	void *page = s->buffer.addr;
	int node = 0, status = 1;
	long moved, bound;

	become(USER);
	moved = errno_of(move_pages(0, 1, &page, &node, &status, MPOL_MF_MOVE_ALL));
	bound = errno_of(mbind(page, features.page_size, MPOL_BIND, &nodes, 8 * sizeof(nodes),
			       MPOL_MF_MOVE_ALL));
	become(0);
	set_rule(RULE_RIGHTS);
	expect_result("move_pages", moved, -EPERM);
	expect_result("its status", status, 1);
	expect_result("mbind", bound, -EPERM);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_unprivileged", argc, argv);
}
