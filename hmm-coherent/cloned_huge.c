// SPDX-License-Identifier: GPL-2.0
/*
 * Accounting of registered buffers in huge pages that two rings share (S7)
 *
 * A huge page counts once for a ring, however many of its buffers are in it. A
 * clone shares the pins, so the counts must not depend on which ring
 * unregisters its buffers first.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/limit.h"
#include "kernel/since.h"
#include "reach/ring.h"
#include "story/huge.h"

/* Since 6.12; the headers may be older. Number and layout are ABI. */
#define REGISTER_CLONE_BUFFERS 30
struct clone_buffers {
	__u32 src_fd, flags, src_off, dst_off, nr, pad[3];
};

FIXTURE(cloned_huge)
{
	struct device device;
	struct huge_range range;
	struct ring first, second;
};

WHY_NOT(cloned_huge)
{
	return kernel_has(CHANGE_CLONE_AT_OFFSET) ? NULL :
		       "io_uring of this kernel clones all buffers or none (6.13)";
}

FIXTURE_SETUP(cloned_huge)
{
	need(ring_available(), SKIP_NO_IO_URING);
	device_open(&self->device, PLACE_COHERENT, 1);
	huge_range_begin(&self->range, &self->device);
	limit_pinned_pages(4 * self->range.pages);
	ring_open(&self->first);
	ring_open(&self->second);
}

FIXTURE_TEARDOWN(cloned_huge)
{
	ring_close(&self->first);
	ring_close(&self->second);
	huge_range_end(&self->range);
	device_close(&self->device);
}

/* Register @count buffers of one page each, all in the huge page. */
static void register_pages(FIXTURE_DATA(cloned_huge) (*self), struct ring *ring, size_t count)
{
	struct iovec buffers[2];
	size_t i;

	for (i = 0; i < count; i++)
		buffers[i] = (struct iovec){ page_in(self->range.addr, 3 + i),
					     features.page_size };
	set_rule(RULE_PINS_ARE_ACCOUNTED);
	expect_result("registration",
		      io_uring_register_buffers(&ring->uring, buffers, count), 0);
	ring->registered = true;
}

static void clone_first(FIXTURE_DATA(cloned_huge) (*self))
{
	struct clone_buffers clone = { .src_fd = self->first.uring.ring_fd, .nr = 1 };

	expect_result("clone of the first buffer",
		      errno_of(syscall(SYS_io_uring_register, self->second.uring.ring_fd,
				       REGISTER_CLONE_BUFFERS, &clone, 1)),
		      0);
	self->second.registered = true;
}

static void expect_pinned_pages(const char *when, long pages)
{
	char what[80];

	snprintf(what, sizeof(what), "VmPin %s, in pages", when);
	expect_result(what, pinned_pages(), pages);
}

SCENARIO(cloned_huge, outlives_the_first,
	 "the huge page of a cloned buffer counts as pinned until the clone is unregistered, also "
	 "if the first ring had two buffers in it")
{
	const long pages = self->range.pages;

	register_pages(self, &self->first, 2);
	expect_pinned_pages("while registered", pages);
	clone_first(self);
	expect_pinned_pages("with the clone", pages);
	expect_result("unregistration of the first", ring_unregister(&self->first), 0);
	expect_pinned_pages("with only the clone", pages);
	expect_result("unregistration of the clone", ring_unregister(&self->second), 0);
	expect_pinned_pages("afterwards", 0);
	register_pages(self, &self->first, 1);
	expect_pinned_pages("while registered again", pages);
}

SCENARIO(cloned_huge, ends_before_the_first,
	 "the same if the clone is unregistered first")
{
	const long pages = self->range.pages;

	register_pages(self, &self->first, 2);
	clone_first(self);
	expect_result("unregistration of the clone", ring_unregister(&self->second), 0);
	expect_pinned_pages("without the clone", pages);
	expect_result("unregistration of the first", ring_unregister(&self->first), 0);
	expect_pinned_pages("afterwards", 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_cloned_huge", argc, argv);
}
