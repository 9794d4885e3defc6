// SPDX-License-Identifier: GPL-2.0
/*
 * process_madvise(): advice from outside about memory of a process that has
 * pages on a device
 *
 * A manager of memory gives it to processes that are idle. It may give hints
 * only, so that nothing of the process may be lost, and it cannot know which
 * pages are on a device.
 */
#include "suite/harness.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/advice.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 2

FIXTURE(advised)
{
	struct story story;
	unsigned char *memory;	/* a page of memory, and a hole behind it */
	int process;		/* pidfd of the child */
};

FIXTURE_VARIANT(advised)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(advised, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(advised, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(advised, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(advised, private_ro) { .place = PLACE_PRIVATE, .read_only = true };
FIXTURE_VARIANT_ADD(advised, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(advised, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

FIXTURE_SETUP(advised)
{
	struct story *s = &self->story;

	story_begin(s, variant->place, variant->read_only, PAGES);
	self->memory = map_memory(2 * features.page_size, PROT_READ | PROT_WRITE);
	write_page(self->memory, s->buffer.serial, 0, BY_OTHER);
	child_fork(&s->child);
	self->process = syscall(SYS_pidfd_open, s->child.pid, 0);
	if (self->process < 0)
		syscall_failed("pidfd_open", errno);
}

FIXTURE_TEARDOWN(advised)
{
	close(self->process);
	unmap_memory(self->memory, 2 * features.page_size);
	story_end(&self->story);
}

/* Advise the child's pages: on the device, in memory, a hole, and on the device. */
static long advise(FIXTURE_DATA(advised) (*self), int advice)
{
	const size_t page = features.page_size;
	const struct iovec parts[] = {
		{ self->story.buffer.addr, page }, { self->memory, page },
		{ self->memory + page, page },	   { buffer_page(&self->story.buffer, 1), page },
	};

	return errno_of(syscall(SYS_process_madvise, self->process, parts, ARRAY_SIZE(parts),
				advice, 0));
}

static void expect_nothing_changed(FIXTURE_DATA(advised) (*self))
{
	struct story *s = &self->story;
	size_t i;

	set_rule(RULE_HINTS_FROM_OUTSIDE);
	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		expect_child_keeps_frame(s, &s->child, i);
	}
	expect_place(0, page_at(s->child.pid, self->memory + features.page_size).at, PLACE_NOWHERE);
}

static void expect_bytes_stay(struct story *s)
{
	size_t i;

	set_rule(RULE_HINTS_FROM_OUTSIDE);
	for (i = 0; i < PAGES; i++) {
		expect_child_sees(s, &s->child, i, BY_OWNER);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(advised, hints,
	 "MADV_COLD, MADV_PAGEOUT and MADV_WILLNEED for another process succeed for device pages, "
	 "memory and holes, and leave device pages in place")
{
	static const int hints[] = { MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hints); i++) {
		set_rule(RULE_HINTS_FROM_OUTSIDE);
		expect_result("bytes that process_madvise advises", advise(self, hints[i]),
			      4 * features.page_size);
		expect_nothing_changed(self);
	}
	expect_bytes_stay(&self->story);
}

SCENARIO(advised, orders,
	 "advice that would free or hide pages of another process fails with EINVAL and changes "
	 "nothing")
{
	static const int orders[] = { MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, MADV_WIPEONFORK,
				      MADV_REMOVE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		set_rule(RULE_HINTS_FROM_OUTSIDE);
		expect_result("process_madvise", advise(self, orders[i]), -EINVAL);
		expect_nothing_changed(self);
	}
	expect_bytes_stay(&self->story);
}

/*
 * The call has advised the first part when it comes to the second, and says
 * that it has: the caller has to know where to go on.
 */
SCENARIO(advised, hints_in_part,
	 "a hint for a device page and an address without a mapping returns the bytes of the "
	 "first, and ENOMEM if there is none before it")
{
	struct story *s = &self->story;
	const size_t page = features.page_size;
	unsigned char *gap = map_memory(page, PROT_READ);
	const struct iovec parts[] = { { s->buffer.addr, page }, { gap, page } };

	unmap_memory(gap, page);
	set_rule(RULE_HINTS_FROM_OUTSIDE);
	expect_result("bytes that process_madvise advises",
		      errno_of(syscall(SYS_process_madvise, self->process, parts, 2, MADV_COLD, 0)),
		      page);
	expect_result("process_madvise of the address",
		      errno_of(syscall(SYS_process_madvise, self->process, parts + 1, 1, MADV_COLD,
				       0)),
		      -ENOMEM);
	expect_nothing_changed(self);
	expect_bytes_stay(s);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_advised", argc, argv);
}
