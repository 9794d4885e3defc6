// SPDX-License-Identifier: GPL-2.0
/*
 * Holes with a mark, in a range with pages on a device: guard regions, poison
 * and write protection of userfaultfd
 *
 * A mark is a page table entry without a page. It is neither a hole, which
 * migration fills with an empty page, nor the entry of a device-private page,
 * which migration moves. If migration filled it, a stack overflow would write
 * to memory behind the stack, and a virtual machine would read zeros where its
 * memory is lost.
 */
#include "marks.h"

#include "kernel/since.h"
#include "reach/next_frames.h"
#include "see/pin.h"

static bool has_guard_regions(int flags)
{
	void *page = mmap(NULL, features.page_size, PROT_READ, flags | MAP_ANONYMOUS, -1, 0);
	bool has;

	if (page == MAP_FAILED)
		syscall_failed("mmap", errno);
	has = !madvise(page, features.page_size, MADV_GUARD_INSTALL);
	unmap_memory(page, features.page_size);
	return has;
}

WHY_NOT(marks)
{
	if (!strcmp(test, "in_shared_memory")) {
		if (variant->mark != MARK_GUARD || variant->place != PLACE_SYSTEM)
			return "guard regions of shared memory are the same in each place";
		if (!has_guard_regions(MAP_SHARED) && !kernel_has(CHANGE_GUARDS_OF_FILES))
			return "this kernel has no guard regions in mappings of files (6.15)";
	}
	if (variant->mark == MARK_GUARD && !has_guard_regions(MAP_PRIVATE) &&
	    !kernel_has(CHANGE_GUARD_REGIONS))
		return "this kernel has no guard regions (6.13)";
	if (variant->mark == MARK_POISON && !monitor_can(MONITOR_OF_POISON) &&
	    !kernel_has(CHANGE_UFFD_POISON))
		return "this kernel has no UFFDIO_POISON (6.6)";
	if (variant->mark == MARK_PROTECTION && !monitor_can(MONITOR_OF_HOLES) &&
	    !kernel_has(CHANGE_UFFD_HOLES))
		return "userfaultfd of this kernel protects no holes of anonymous memory (6.4)";
	return NULL;
}

FIXTURE_SETUP(marks)
{
	struct story *s = &self->story;

	self->fd = -1;
	self->mark = &marks[variant->mark];
	need(!self->mark->monitor || features.uffd_wp, SKIP_NO_UFFD_WP);
	story_begin(s, variant->place, variant->read_only, PAGES);
	self->marked = buffer_page(&s->buffer, FIRST);
	self->size = COUNT * features.page_size;
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (self->mark->monitor) {
		self->fd = monitor_open(s->buffer.addr, s->buffer.size, self->mark->monitor);
		must(self->fd >= 0, "UFFDIO_API refuses features 0x%llx", self->mark->monitor);
	}
	advise_memory(self->marked, self->size, MADV_DONTNEED);
	expect_result("marking two holes", self->mark->put(self->fd, self->marked, self->size), 0);
}

FIXTURE_TEARDOWN(marks)
{
	if (self->fd >= 0)
		close(self->fd);
	story_end(&self->story);
}

/* What a store by the CPU gets at a mark. */
static long store_result(FIXTURE_DATA(marks) (*self))
{
	return self->story.read_only ? KILLED_BY(SIGSEGV) : self->mark->store;
}

/* Check that an access to each of both pages ends as their mark says. */
static void expect_stopped(FIXTURE_DATA(marks) (*self), enum rule_id rule)
{
	struct buffer *buffer = &self->story.buffer;
	size_t i;

	set_rule(rule);
	for (i = FIRST; i < FIRST + COUNT; i++) {
		expect_result("a store", cpu_write(buffer, i, 1, BY_OTHER), store_result(self));
		if (self->mark->load)
			expect_result("a load", cpu_read(buffer, i, 1, NULL), self->mark->load);
	}
}

/*
 * Check that both pages are marked and not filled. No access is made to a
 * protected hole: a load is permitted and would replace the mark by the zero
 * page, and a store by an empty page that is protected (do_anonymous_page()).
 */
static void expect_marked(FIXTURE_DATA(marks) (*self), enum rule_id rule)
{
	const bool protects = !self->mark->load;
	size_t i;

	set_rule(rule);
	for (i = FIRST; i < FIRST + COUNT; i++) {
		struct page page = page_at(0, buffer_page(&self->story.buffer, i));

		expect(!page.present && page.at != PLACE_PRIVATE,
		       "page %zu has a page in place of its mark: it is %s", i,
		       place_name(page.at));
		expect_same(page.uffd_wp == protects, "protection by userfaultfd",
			    protects ? "on" : "off", protects ? "off" : "on");
	}
	if (!protects)
		expect_stopped(self, rule);
}

SCENARIO(marks, migrated_around,
	 "migration to the device and back moves the pages around marked holes, and leaves the "
	 "marks")
{
	struct story *s = &self->story;

	expect_marked(self, RULE_MARK_STOPS);
	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_marked(self, RULE_MARK_STAYS);
	device_move_to(&s->device, s->buffer.addr, PAGES);
	expect_marked(self, RULE_MARK_STAYS);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT);
	expect_at(s, LAST, s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, LAST, BY_OWNER);
	expect_stopped(self, RULE_MARK_STAYS);
}

SCENARIO(marks, reached_by_kernel,
	 "O_DIRECT, GUP and a device cannot write to a marked hole, and leave the mark")
{
	struct story *s = &self->story;
	const struct pin_kind fast = { .pin = true, .fast = true, .write = true };
	const struct pin_kind longterm = { .pin = true, .longterm = true, .write = true };
	bool in_part;
	long result;

	story_medium(s, ON_RAW);
	set_rule(RULE_MARK_STOPS);
	expect_result("an O_DIRECT read into the marked hole",
		      errno_of(pread(s->medium.fd, self->marked, self->size, 0)), -EFAULT);
	/*
	 * hmm_vma_fault() checks VM_WRITE, and hmm_vma_handle_pte() of 7.x the
	 * entry before that.
	 */
	result = device_write(&s->device, self->marked, 1);
	expect(result == -EFAULT || (s->read_only && result == -EPERM),
	       "a write by the device returns %ld, not EFAULT", result);
	if (pin_available()) {
		expect_result("bytes that GUP-fast pins", pin_pages(fast, self->marked, 1), 0);
		expect_result("bytes that a long-term pin gets",
			      pin_pages(longterm, self->marked, 1), 0);
	}
	set_rule(RULE_PARTIAL_TRANSFER);
	result = errno_of(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0));
	in_part = result > 0 && result <= (long)features.page_size;
	expect(result == -EFAULT || (!s->read_only && in_part),
	       "an O_DIRECT read into all pages returns %ld, not EFAULT or at most one page",
	       result);
	expect_stopped(self, RULE_MARK_STOPS);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, LAST);
}

SCENARIO(marks, forked,
	 "a child inherits guard regions and poison, and no write protection; the parent can "
	 "remove "
	 "its own marks only")
{
	struct story *s = &self->story;
	const bool inherits = self->mark->is_inherited;
	const long page = features.page_size;

	child_fork(&s->child);
	set_rule(RULE_MARK_IS_KEPT);
	expect_result("the child's store", child_write(&s->child, &s->buffer, FIRST, 1, BY_CHILD),
		      s->read_only || inherits ? store_result(self) : page);
	expect_result("the child's load", child_read(&s->child, &s->buffer, FIRST, 1, NULL),
		      inherits ? self->mark->load : page);
	expect_stopped(self, RULE_MARK_IS_KEPT);
	expect_result("removal of the marks",
		      self->mark->remove(self->fd, self->marked, self->size), 0);
	expect_result("the parent's load", cpu_read(&s->buffer, FIRST, 1, NULL), page);
	expect_result("the child's load after that",
		      child_read(&s->child, &s->buffer, FIRST, 1, NULL),
		      inherits ? self->mark->load : page);
}

/* vma_needs_copy(): fork() leaves out page tables that a fault would fill in the same way. */
SCENARIO(marks, in_shared_memory,
	 "a child inherits guard regions of shared memory, and sees the pages around them")
{
	struct story *s = &self->story;
	struct buffer shared = s->buffer;

	shared.addr = mmap(NULL, shared.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	if (shared.addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	buffer_write(&shared, 0, PAGES, BY_OWNER);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_GUARD_INSTALL",
		      put_guard(-1, buffer_page(&shared, FIRST), self->size), 0);
	child_fork(&s->child);
	set_rule(RULE_MARK_IS_KEPT);
	expect_result("the child's load in the guard region",
		      child_read(&s->child, &shared, FIRST, 1, NULL), KILLED_BY(SIGSEGV));
	expect_result("its load behind the region", child_read(&s->child, &shared, LAST, 1, NULL),
		      features.page_size);
	expect_result("the parent's load in the region", cpu_read(&shared, FIRST, 1, NULL),
		      KILLED_BY(SIGSEGV));
	unmap_memory(shared.addr, shared.size);
}

SCENARIO(marks, protected_and_zapped,
	 "mprotect() keeps the marks; MADV_DONTNEED keeps guard regions, and makes other marks "
	 "ordinary holes")
{
	struct story *s = &self->story;
	const int prot = PROT_READ | (s->read_only ? 0 : PROT_WRITE);
	size_t i;

	protect_memory(s->buffer.addr, s->buffer.size, PROT_NONE);
	protect_memory(s->buffer.addr, s->buffer.size, prot);
	expect_marked(self, RULE_MARK_IS_KEPT);
	advise_memory(s->buffer.addr, s->buffer.size, MADV_DONTNEED);
	set_rule(RULE_FREED_TO_DRIVER);
	expect_at(s, LAST, PLACE_NOWHERE);
	if (self->mark->outlives_zap) {
		expect_marked(self, RULE_MARK_IS_KEPT);
		return;
	}
	set_rule(RULE_MARK_IS_KEPT);
	for (i = FIRST; i < FIRST + COUNT; i++)
		expect_result("a load", cpu_read(&s->buffer, i, 1, NULL), features.page_size);
}

/* Guard regions have no userfaultfd of their own, so this test registers one. */
SCENARIO(marks, watched,
	 "write protection of all pages by userfaultfd, and its removal, keep guard regions and "
	 "poison, and remove the protection of holes only")
{
	struct story *s = &self->story;
	size_t i;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	if (self->fd < 0)
		self->fd = monitor_open(s->buffer.addr, s->buffer.size, 0);
	monitor_protect(self->fd, s->buffer.addr, s->buffer.size, true);
	expect_marked(self, RULE_MARK_IS_KEPT);
	monitor_protect(self->fd, s->buffer.addr, s->buffer.size, false);
	set_rule(RULE_MARK_IS_KEPT);
	if (self->mark->load) {
		expect_marked(self, RULE_MARK_IS_KEPT);
		return;
	}
	for (i = FIRST; i < FIRST + COUNT; i++)
		expect_uffd_wp("a hole", page_at(0, buffer_page(&s->buffer, i)), false);
}

SCENARIO(marks, advised_free,
	 "MADV_FREE makes poison an ordinary hole, and leaves guard regions and the protection of "
	 "holes")
{
	static unsigned char seen[65536] __aligned(8);
	struct story *s = &self->story;
	size_t i;

	advise_memory(s->buffer.addr, s->buffer.size, MADV_FREE);
	if (self->mark->put != put_poison) {
		expect_marked(self, RULE_MARK_IS_KEPT);
		return;
	}
	/* madvise_free_pte_range() clears the entry. */
	set_rule(RULE_MARK_IS_KEPT);
	for (i = FIRST; i < FIRST + COUNT; i++) {
		expect_result("a load", cpu_read(&s->buffer, i, 1, seen), features.page_size);
		expect_zeros(seen, "memory that was poisoned");
	}
}

SCENARIO(marks, moved,
	 "mremap() moves guard regions and poison with the pages around them, and removes write "
	 "protection")
{
	struct story *s = &self->story;
	struct buffer moved = s->buffer;
	long stored = self->mark->is_inherited ? store_result(self) : (long)features.page_size;

	moved.addr = map_memory(s->buffer.size, PROT_NONE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	move_memory(s->buffer.addr, s->buffer.size, moved.addr);
	set_rule(RULE_MARK_IS_KEPT);
	expect_result("a store to the moved hole", cpu_write(&moved, FIRST, 1, BY_OTHER),
		      s->read_only ? KILLED_BY(SIGSEGV) : stored);
	if (self->mark->is_inherited)
		expect_result("a load from the moved hole", cpu_read(&moved, FIRST, 1, NULL),
			      self->mark->load);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect(page_at(0, moved.addr).pfn == s->frames[0],
	       "the moved page has frame 0x%lx, not 0x%lx", page_at(0, moved.addr).pfn,
	       s->frames[0]);
	move_memory(moved.addr, moved.size, s->buffer.addr);
}

SCENARIO(marks, removed,
	 "a hole whose mark was removed is an ordinary one: it reads as zeros, and migration fills "
	 "it")
{
	struct story *s = &self->story;
	const bool private = s->place == PLACE_PRIVATE;
	size_t i;

	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("removal of the marks",
		      self->mark->remove(self->fd, self->marked, self->size), 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, LAST);
	device_move_to(&s->device, self->marked, COUNT);
	for (i = FIRST; i < FIRST + COUNT; i++) {
		set_rule(RULE_ENTRY);
		expect_at(s, i, private ? PLACE_PRIVATE : PLACE_COHERENT);
		set_rule(RULE_HOLE_IS_FILLED);
		expect_result("a load", cpu_read(&s->buffer, i, 1, NULL), features.page_size);
		expect_zeros(buffer_page(&s->buffer, i), "the hole");
	}
}

/* Check that the last page was freed by the mark that replaced it. */
static void expect_last_is_freed(FIXTURE_DATA(marks) (*self))
{
	struct story *s = &self->story;
	struct buffer next;

	set_rule(RULE_GUARD_FREES);
	expect_result("a load", cpu_read(&s->buffer, LAST, 1, NULL), self->mark->load);
	expect(!story_page(s, LAST).present, "the page is still mapped");
	if (!story_on_device(s))
		return;
	next_frames_take(&next, PAGES, &s->device, s->place);
	expect_result("times that its frame is handed out",
		      next_frames_count(&next, s->frames[LAST]), 1);
	expect_result("times that the frame of another page is handed out",
		      next_frames_count(&next, s->frames[0]), 0);
	next_frames_return(&next);
}

SCENARIO(marks, over_page,
	 "a guard region frees the page that it replaces, poison refuses to replace a page, and "
	 "write protection keeps it")
{
	struct story *s = &self->story;
	unsigned char *last = buffer_page(&s->buffer, LAST);

	set_rule(self->mark->monitor ? RULE_FILL_NEEDS_HOLE : RULE_GUARD_FREES);
	expect_result("a mark where there is a page",
		      self->mark->put(self->fd, last, features.page_size), self->mark->over_page);
	if (!self->mark->monitor) {
		expect_last_is_freed(self);
	} else {
		set_rule(RULE_FILL_NEEDS_HOLE);
		expect_stays(s, LAST);
		if (s->place != PLACE_PRIVATE)
			expect_owner_sees(s, LAST, BY_OWNER);
	}
	expect_stopped(self, RULE_MARK_STOPS);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_marks", argc, argv);
}
