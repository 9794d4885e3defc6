// SPDX-License-Identifier: GPL-2.0
/*
 * userfaultfd with pages on a coherent device: write protection, missing pages,
 * UFFDIO_MOVE
 */
#include "tracking.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/pin.h"

/* Does the kernel have userfaultfd, with any features? */
static bool has_userfaultfd(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOSYS;
}

WHY_NOT(tracking)
{
	if (strcmp(test, "uffd_move"))
		return NULL;
	if (monitor_can(UFFD_FEATURE_MOVE) || (has_userfaultfd() && kernel_has(CHANGE_UFFD_MOVE)))
		return NULL;
	return "this kernel has no UFFDIO_MOVE (6.8)";
}

/*
 * Open a userfaultfd and register @pages pages at @addr in @mode. With
 * UFFD_FEATURE_SIGBUS, a fault gets SIGBUS.
 */
static int watch(void *addr, size_t pages, __u64 mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	struct uffdio_register reg = { .range = { (uintptr_t)addr, pages * features.page_size },
				       .mode = mode };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (mode & UFFDIO_REGISTER_MODE_WP)
		api.features |= UFFD_FEATURE_PAGEFAULT_FLAG_WP;
	else if (monitor_can(UFFD_FEATURE_MOVE))
		api.features |= UFFD_FEATURE_MOVE;
	if (fd < 0)
		syscall_failed("userfaultfd", errno);
	if (ioctl(fd, UFFDIO_API, &api))
		syscall_failed("UFFDIO_API", errno);
	if (ioctl(fd, UFFDIO_REGISTER, &reg))
		syscall_failed("UFFDIO_REGISTER", errno);
	return fd;
}

static void protect_range(int uffd, void *addr, size_t size, bool on)
{
	struct uffdio_writeprotect wp = { .range = { (uintptr_t)addr, size },
					  .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0 };

	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		syscall_failed("UFFDIO_WRITEPROTECT", errno);
}

static void protect(int uffd, struct story *s, bool on)
{
	protect_range(uffd, s->buffer.addr, s->buffer.size, on);
}

static void expect_protected(struct story *s, enum place place)
{
	expect_at(s, 0, place);
	expect(page_at(0, s->buffer.addr).uffd_wp, "page 0 has lost its protection by userfaultfd");
	expect_mapped(s, 0, PERM_RO);
	expect_result("a write", cpu_write(&s->buffer, 0, 1, BY_OTHER),
		      s->read_only ? KILLED_BY(SIGSEGV) : KILLED_BY(SIGBUS));
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(tracking, uffd_wp_travels,
	 "userfaultfd write protection is kept by migration to the device and back; after its "
	 "removal a write is done in place")
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	story_migrate_back(s);
	self->uffd = watch(s->buffer.addr, PAGES, UFFDIO_REGISTER_MODE_WP);
	protect(self->uffd, s, true);
	set_rule(RULE_MARKS_TRAVEL);
	expect_protected(s, PLACE_SYSTEM);
	story_migrate_to_device(s);
	expect_protected(s, PLACE_COHERENT);
	story_migrate_back(s);
	expect_protected(s, PLACE_SYSTEM);
	story_migrate_to_device(s);
	story_remember_frames(s);

	protect(self->uffd, s, false);
	story_make_writable(s);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER_AGAIN);
}

/*
 * If the protection of the zero page is lost, a snapshot of a virtual machine
 * misses the first write to an empty page.
 */
SCENARIO(tracking, uffd_wp_zero_page,
	 "a zero page that userfaultfd protects stays protected, in place or on the device")
{
	struct story *s = &self->story;
	const int prot = PROT_READ | (s->read_only ? 0 : PROT_WRITE);
	struct buffer empty = { .pages = 1,
				.size = features.page_size,
				.serial = s->buffer.serial };

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	empty.addr = map_memory(empty.size, prot);
	expect_result("a read of an empty page", cpu_read(&empty, 0, 1, NULL), features.page_size);
	self->uffd = watch(empty.addr, 1, UFFDIO_REGISTER_MODE_WP);
	protect_range(self->uffd, empty.addr, empty.size, true);
	set_rule(RULE_PROTECTION_AS_ASKED);
	must(page_at(0, empty.addr).uffd_wp, "UFFDIO_WRITEPROTECT does not protect the zero page");
	device_move_to(&s->device, empty.addr, 1);
	set_rule(RULE_MARKS_TRAVEL);
	expect_same(page_at(0, empty.addr).uffd_wp, "protection by userfaultfd after migration",
		    "on", "off");
	if (s->read_only)
		protect_memory(empty.addr, empty.size, PROT_READ | PROT_WRITE);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a write", cpu_write(&empty, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
}

SCENARIO(tracking, uffd_missing,
	 "migration does not fill a missing page of a range that is registered with userfaultfd")
{
	struct story *s = &self->story;
	const int prot = PROT_READ | (s->read_only ? 0 : PROT_WRITE);
	void *hole = map_memory(features.page_size, prot);

	need(has_userfaultfd(), SKIP_NO_USERFAULTFD);
	self->uffd = watch(hole, 1, UFFDIO_REGISTER_MODE_MISSING);
	set_rule(RULE_MONITOR_FILLS);
	expect_result("migration", device_migrate_to(&s->device, hole, 1), -ENOENT);
	expect_same(page_at(0, hole).at == PLACE_NOWHERE, "place of the missing page", "nowhere",
		    place_name(page_at(0, hole).at));
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

static long move_page(int uffd, void *to, void *from)
{
	return monitor_move(uffd, to, from, features.page_size);
}

/*
 * Garbage collectors use UFFDIO_MOVE for compaction. The long-term pin at the
 * end checks that rmap finds the page at its new address.
 */
SCENARIO(tracking, uffd_move,
	 "UFFDIO_MOVE moves a page on the device to another address and leaves it on the device; "
	 "it refuses a shared page")
{
	struct story *s = &self->story;
	const struct pin_kind longterm = { .pin = true, .longterm = true };
	unsigned char *to = map_memory(2 * features.page_size, PROT_READ | PROT_WRITE);

	story_make_writable(s);
	self->uffd = watch(to, 2, UFFDIO_REGISTER_MODE_MISSING);
	set_rule(RULE_MOVED_BY_MAPPING);
	expect_result("UFFDIO_MOVE", move_page(self->uffd, to, s->buffer.addr), 0);
	expect_at(s, 0, PLACE_NOWHERE);
	expect(page_at(0, to).pfn == s->frames[0], "the moved page has frame 0x%lx, not 0x%lx",
	       page_at(0, to).pfn, s->frames[0]);
	expect_bytes(to, s->buffer.serial, 0, BY_OWNER, "bytes of the moved page");
	write_page(to, s->buffer.serial, 0, BY_OWNER_AGAIN);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect(page_at(0, to).pfn == s->frames[0], "a write to the moved page made a copy");
	if (pin_available()) {
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_result("bytes pinned", pin_pages(longterm, to, 1), features.page_size);
		expect(page_at(0, to).at != PLACE_COHERENT,
		       "the pinned page is still on the device");
		expect_bytes(to, s->buffer.serial, 0, BY_OWNER_AGAIN,
			     "bytes of the pinned page");
	}
	child_fork(&s->child);
	set_rule(RULE_MOVED_BY_MAPPING);
	expect_result("UFFDIO_MOVE of a shared page",
		      move_page(self->uffd, to + features.page_size, buffer_page(&s->buffer, 1)),
		      -EBUSY);
	expect_stays(s, 1);
	expect_child_keeps_frame(s, &s->child, 1);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_userfaultfd", argc, argv);
}
