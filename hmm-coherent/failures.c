// SPDX-License-Identifier: GPL-2.0
/*
 * Migration and page faults in which an allocation or a copy fails
 */
#include "failures.h"

#include <setjmp.h>
#include <string.h>
#include <unistd.h>

#include "kernel/memory.h"
#include "kernel/since.h"
#include "see/device_ranges.h"

static long to_device(FIXTURE_DATA(failures) (*self))
{
	return device_migrate_to(&self->story.device, self->story.buffer.addr, PAGES);
}

SCENARIO(failures, to_device, "a migration to the device that fails loses no page")
{
	const struct operation operation = {
		.run = to_device,
		.in_memory = true,
		.place = variant->place,
		.after = BY_OWNER,
	};

	fail_everywhere(self, &operation);
}

static long back(FIXTURE_DATA(failures) (*self))
{
	return device_migrate_back(&self->story.device, self->story.buffer.addr, PAGES);
}

SCENARIO(failures, back, "a migration back that fails loses no page")
{
	const struct operation operation = {
		.run = back,
		.place = PLACE_SYSTEM,
		.after = BY_OWNER,
	};

	need(kernel_has(CHANGE_FAILED_BACK_ENDS), SKIP_BACK_HANGS);
	fail_everywhere(self, &operation);
}

static void open_second(FIXTURE_DATA(failures) (*self))
{
	device_open(&self->second, self->story.place, 1);
	self->has_second = true;
}

/* close(2) always succeeds. */
static long evicted(FIXTURE_DATA(failures) (*self))
{
	return errno_of(close(self->second.fd));
}

static void forget_second(FIXTURE_DATA(failures) (*self))
{
	unmap_memory(self->second.bounce, self->second.bounce_pages * features.page_size);
	self->has_second = false;
}

/*
 * dmirror_device_evict_chunk() requests with __GFP_NOFAIL an array of a number for each
 * page. kvmalloc_node() first tries without it, unless the array fits into a page.
 */
SCENARIO(failures, evicted, "an eviction in which something fails loses no page")
{
	const struct operation operation = {
		.prepare = open_second,
		.run = evicted,
		.cannot_fail = device_pages(PLACE_COHERENT) * sizeof(long) <= features.page_size,
		.undo = forget_second,
		.place = PLACE_SYSTEM,
		.after = BY_OWNER,
	};

	need(kernel_has(CHANGE_CLOSE_EVICTS), SKIP_NO_EVICTION);
	fail_everywhere(self, &operation);
}

static sigjmp_buf escape;

static void on_bus_error(int signal)
{
	siglongjmp(escape, signal);
}

/* Run @access of the CPU, which may end in SIGBUS, without a system call around it. */
static long by_cpu(FIXTURE_DATA(failures) (*self), void (*access)(struct buffer *))
{
	const int signal = sigsetjmp(escape, 0);

	if (signal)
		return KILLED_BY(signal);
	access(&self->story.buffer);
	return self->story.buffer.size;
}

static void catch_bus_errors(void)
{
	struct sigaction action = { .sa_handler = on_bus_error, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &action, NULL);
}

static void write_all(struct buffer *buffer)
{
	buffer_write(buffer, 0, PAGES, BY_OWNER_AGAIN);
}

/*
 * fork() has shared the page of @escape, too. Copy it before an allocation is
 * to fail, so that a fault that ends in SIGBUS is one of the story's pages.
 */
static void own_escape(FIXTURE_DATA(failures) (*self))
{
	(void)self;
	memset(&escape, 0, sizeof(escape));
}

static long copy_on_write(FIXTURE_DATA(failures) (*self))
{
	return by_cpu(self, write_all);
}

SCENARIO(failures, copy_on_write,
	 "a write to shared pages that gets no memory for the copies is repeated, and no process "
	 "loses its bytes")
{
	const struct operation operation = {
		.prepare = own_escape,
		.run = copy_on_write,
		.shared = true,
		/* Private pages first come back. */
		.may_bus = variant->place == PLACE_PRIVATE,
		.success = self->story.buffer.size,
		.place = PLACE_SYSTEM,
		.after = BY_OWNER_AGAIN,
	};

	catch_bus_errors();
	fail_everywhere(self, &operation);
}

static void read_all(struct buffer *buffer)
{
	size_t i;

	for (i = 0; i < PAGES; i++)
		*(volatile unsigned char *)buffer_page(buffer, i);
}

static long page_fault(FIXTURE_DATA(failures) (*self))
{
	return by_cpu(self, read_all);
}

SCENARIO(failures, page_fault,
	 "a read of device-private pages that gets no memory ends in SIGBUS or is repeated; a "
	 "later "
	 "read has the bytes")
{
	const struct operation operation = {
		.run = page_fault,
		.may_bus = true,
		.success = self->story.buffer.size,
		.place = PLACE_SYSTEM,
		.after = BY_OWNER,
	};

	catch_bus_errors();
	fail_everywhere(self, &operation);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_failures", argc, argv);
}
