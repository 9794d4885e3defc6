// SPDX-License-Identifier: GPL-2.0
/*
 * What changes a page table tells the devices that have mirrored it
 *
 * A device keeps what it has read from a page table until the kernel tells it
 * (MMU notifiers). A change that is not told leaves the device with an old page
 * or an old permission.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "reach/swap.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3

FIXTURE(mirror_told)
{
	struct story story;
	int monitor;		/* -1: none */
};

FIXTURE_VARIANT(mirror_told)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(mirror_told, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(mirror_told, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(mirror_told)
{
	self->monitor = -1;
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(mirror_told)
{
	if (self->monitor >= 0)
		close(self->monitor);
	story_end(&self->story);
}

static long read_at(FIXTURE_DATA(mirror_told) (*self), unsigned char *addr)
{
	return device_read(&self->story.device, addr, 1);
}

/* Let the device read page 0, and again, now without a fault. */
static void mirror(FIXTURE_DATA(mirror_told) (*self))
{
	struct story *s = &self->story;

	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", read_at(self, s->buffer.addr), 0);
	expect_result("a read by the device", read_at(self, s->buffer.addr), 0);
	expect_result("faults of a read that the device repeats", s->device.faults, 0);
}

/* The device has been told: its next read faults, and gets @writer's bytes. */
static void expect_told(FIXTURE_DATA(mirror_told) (*self), enum writer writer)
{
	struct story *s = &self->story;

	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", read_at(self, s->buffer.addr), 0);
	expect(s->device.faults, "the device reads through the entry of before");
	expect_bytes(s->device.bounce, s->buffer.serial, 0, writer, "bytes that the device reads");
}

SCENARIO(mirror_told, nothing,
	 "without a change the device reads without a fault what the CPU writes")
{
	struct story *s = &self->story;

	mirror(self);
	story_write(s, 0);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", read_at(self, s->buffer.addr), 0);
	expect_result("faults of that", s->device.faults, 0);
	expect_bytes(s->device.bounce, s->buffer.serial, 0, BY_OWNER_AGAIN,
		     "bytes that the device reads");
}

SCENARIO(mirror_told, protected,
	 "mprotect(): the device cannot write to memory that became read-only, nor read memory "
	 "without access")
{
	struct story *s = &self->story;

	mirror(self);
	expect_result("a write by the device", device_write(&s->device, s->buffer.addr, 1), 0);
	story_write(s, 0);
	story_protect(s, 0, PAGES, PROT_READ);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect(device_write(&s->device, s->buffer.addr, 1) < 0,
	       "the device writes to read-only memory");
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	mirror(self);
	story_protect(s, 0, PAGES, PROT_NONE);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect(read_at(self, s->buffer.addr) < 0, "the device reads memory without access");
	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	expect_told(self, BY_OWNER_AGAIN);
}

SCENARIO(mirror_told, freed,
	 "MADV_DONTNEED: the device reads zeros, not the page of before")
{
	struct story *s = &self->story;

	mirror(self);
	advise_memory(s->buffer.addr, features.page_size, MADV_DONTNEED);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", read_at(self, s->buffer.addr), 0);
	expect_zeros(s->device.bounce, "bytes that the device reads");
}

/* The write afterwards makes it certain that reclaim does not drop the page. */
SCENARIO(mirror_told, advised_free,
	 "MADV_FREE: the device does not go on with its entry, through which a write would not "
	 "keep the page")
{
	struct story *s = &self->story;

	mirror(self);
	advise_memory(s->buffer.addr, features.page_size, MADV_FREE);
	story_write(s, 0);
	expect_told(self, BY_OWNER_AGAIN);
}

SCENARIO(mirror_told, unmapped,
	 "munmap(): the device cannot read; mmap(): it reads the new memory")
{
	struct story *s = &self->story;

	mirror(self);
	unmap_memory(s->buffer.addr, features.page_size);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect(read_at(self, s->buffer.addr) < 0, "the device reads memory that is not mapped");
	if (mmap(s->buffer.addr, features.page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
	story_write(s, 0);
	expect_told(self, BY_OWNER_AGAIN);
}

SCENARIO(mirror_told, moved,
	 "mremap(): the device cannot read at the old address, and reads the page at the new one")
{
	struct story *s = &self->story;
	const size_t size = features.page_size;
	unsigned char *to = map_memory(size, PROT_NONE), *from = s->buffer.addr;

	mirror(self);
	set_rule(RULE_LEGAL_CALLS_WORK);
	move_memory(from, size, to);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect(read_at(self, from) < 0, "the device reads at the old address");
	expect_result("a read at the new address", read_at(self, to), 0);
	expect_bytes(s->device.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the device reads");
	move_memory(to, size, from);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect(read_at(self, to) < 0, "the device reads at the second address");
	expect_told(self, BY_OWNER);
}

SCENARIO(mirror_told, copied,
	 "fork() and the write after it: the device reads and writes the copy, not the page that "
	 "the child keeps")
{
	struct story *s = &self->story;

	mirror(self);
	child_fork(&s->child);
	expect_told(self, BY_OWNER);
	mirror(self);
	story_write(s, 0);
	expect_told(self, BY_OWNER_AGAIN);
	write_page(s->device.bounce, s->buffer.serial, 0, BY_DEVICE);
	expect_result("a write by the device", device_write(&s->device, s->buffer.addr, 1), 0);
	expect_owner_sees(s, 0, BY_DEVICE);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(mirror_told, forked,
	 "fork(): a device that has written a page writes a copy then, and the child does not see "
	 "that")
{
	struct story *s = &self->story;

	mirror(self);
	write_page(s->device.bounce, s->buffer.serial, 0, BY_OWNER_AGAIN);
	expect_result("a write by the device", device_write(&s->device, s->buffer.addr, 1), 0);
	child_fork(&s->child);
	write_page(s->device.bounce, s->buffer.serial, 0, BY_DEVICE);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a write by the device", device_write(&s->device, s->buffer.addr, 1), 0);
	expect_owner_sees(s, 0, BY_DEVICE);
	expect_child_sees(s, &s->child, 0, BY_OWNER_AGAIN);
}

SCENARIO(mirror_told, write_protected,
	 "UFFDIO_WRITEPROTECT: the device cannot write any more")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(s->buffer.addr, s->buffer.size, 0);
	mirror(self);
	expect_result("a write by the device", device_write(&s->device, s->buffer.addr, 1), 0);
	story_write(s, 0);
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, true);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect(device_write(&s->device, s->buffer.addr, 1) < 0,
	       "the device writes to protected memory");
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
	monitor_protect(self->monitor, s->buffer.addr, features.page_size, false);
	expect_told(self, BY_OWNER_AGAIN);
}

WHY_NOT(mirror_told)
{
	const bool on_device = variant->place == PLACE_COHERENT;

	if (!strcmp(test, "moved_by_monitor") && !kernel_has(CHANGE_UFFD_MOVE) &&
	    !monitor_can(UFFD_FEATURE_MOVE))
		return "this kernel has no UFFDIO_MOVE (6.8)";
	if (!strcmp(test, "swapped") && on_device)
		return "a page on a device is not swapped out";
	if (!strcmp(test, "taken_by_other") && on_device)
		return "a device takes no page of another one";
	if (!strcmp(test, "pinned") && !on_device)
		return "a long-term pin does not move a page of memory";
	return NULL;
}

SCENARIO(mirror_told, moved_by_monitor,
	 "UFFDIO_MOVE: the device does not read the moved page at its old address")
{
	struct story *s = &self->story;
	const size_t size = features.page_size;
	unsigned char *to = map_memory(size, PROT_READ | PROT_WRITE);

	need(features.uffd_wp, SKIP_NO_USERFAULTFD);
	self->monitor = monitor_create(UFFD_FEATURE_MOVE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER", monitor_watch_for(self->monitor, to, size,
							   UFFDIO_REGISTER_MODE_MISSING), 0);
	mirror(self);
	expect_result("UFFDIO_MOVE", monitor_move(self->monitor, to, s->buffer.addr, size), 0);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", read_at(self, s->buffer.addr), 0);
	expect_zeros(s->device.bounce, "bytes that the device reads at the old address");
	expect_result("a read by the device", read_at(self, to), 0);
	expect_bytes(s->device.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the device reads at the new address");
	unmap_memory(to, size);
}

SCENARIO(mirror_told, taken_by_other,
	 "migration to another device: the device reads what is written there")
{
	struct story *s = &self->story;
	struct device other;

	device_open(&other, PLACE_REMOTE, 1);
	mirror(self);
	device_move_to(&other, s->buffer.addr, 1);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, PLACE_REMOTE);
	story_write(s, 0);
	expect_told(self, BY_OWNER_AGAIN);
	device_close(&other);
}

SCENARIO(mirror_told, swapped,
	 "MADV_PAGEOUT: the device reads the page that was swapped in, with its bytes")
{
	struct story *s = &self->story;

	swap_on();
	drain_lru_batches();
	mirror(self);
	advise_memory(s->buffer.addr, features.page_size, MADV_PAGEOUT);
	must(page_at(0, s->buffer.addr).at == PLACE_SWAPPED, "the page is not swapped out");
	expect_told(self, BY_OWNER);
	story_write(s, 0);
	expect_result("a read by the device", read_at(self, s->buffer.addr), 0);
	expect_bytes(s->device.bounce, s->buffer.serial, 0, BY_OWNER_AGAIN,
		     "bytes that the device reads");
}

SCENARIO(mirror_told, pinned,
	 "a long-term pin, which moves the page to memory: the device reads what is written there")
{
	struct story *s = &self->story;
	const struct pin_kind longterm = { .pin = true, .longterm = true };

	need(pin_available(), SKIP_NO_GUP_TEST);
	mirror(self);
	expect_result("bytes pinned", pin_pages(longterm, s->buffer.addr, 1), features.page_size);
	story_write(s, 0);
	expect_told(self, BY_OWNER_AGAIN);
}

SCENARIO(mirror_told, soft_dirty_cleared,
	 "clearing soft-dirty: the next write by the device is tracked")
{
	struct story *s = &self->story;
	int error;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	mirror(self);
	expect_result("a write by the device", device_write(&s->device, s->buffer.addr, 1), 0);
	error = write_text("/proc/self/clear_refs", "4");
	if (error)
		syscall_failed("/proc/self/clear_refs", -error);
	expect(!page_at(0, s->buffer.addr).soft_dirty, "the page is soft-dirty");
	expect_result("a write by the device", device_write(&s->device, s->buffer.addr, 1), 0);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect(page_at(0, s->buffer.addr).soft_dirty,
	       "the page is not soft-dirty after a write by the device");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_mirror_told", argc, argv);
}
