// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that userfaultfd protects from each access (UFFDIO_RWPROTECT)
 *
 * The entry of such a page is PAGE_NONE and has userfaultfd's bit. Migration,
 * mprotect() and faults of private memory of a device make a new entry, which
 * has to be inaccessible, too; that of a mapping that is not registered has not.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3
#define FORBID UFFDIO_RWPROTECT_MODE_RWP

FIXTURE(uffd_access)
{
	struct story story;
	int monitor;		/* -1: none */
	struct child debugger;	/* does not map the pages */
};

FIXTURE_VARIANT(uffd_access)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(uffd_access, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(uffd_access, private) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(uffd_access, system) { .place = PLACE_SYSTEM };

WHY_NOT(uffd_access)
{
	if (!kernel_has(CHANGE_UFFD_ACCESS) && !monitor_can(MONITOR_OF_ACCESS))
		return "this kernel has no UFFDIO_RWPROTECT (7.3)";
	if (!strcmp(test, "by_pin") && !features.gup_test)
		return "this kernel has no gup_test";
	/* hmm_vma_handle_pte() reports such a page without a fault. */
	if (variant->place == PLACE_PRIVATE && !strcmp(test, "by_device"))
		return "a device accesses its private memory without a page table";
	if (variant->place != PLACE_COHERENT && !strncmp(test, "wrong", strlen("wrong")))
		return "the same in each place";
	return NULL;
}

FIXTURE_SETUP(uffd_access)
{
	self->monitor = -1;
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	child_fork(&self->debugger);
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(uffd_access)
{
	if (self->monitor >= 0)
		close(self->monitor);
	child_leave(&self->debugger);
	story_end(&self->story);
}

/* Register all pages for protection from access, with @more features. */
static void watch(FIXTURE_DATA(uffd_access) (*self), unsigned long long more)
{
	struct buffer *buffer = &self->story.buffer;

	self->monitor = monitor_create(MONITOR_OF_ACCESS | more);
	if (self->monitor < 0)
		syscall_failed("UFFDIO_API with UFFD_FEATURE_RWP", EINVAL);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER for access",
		      monitor_watch_for(self->monitor, buffer->addr, buffer->size,
					UFFDIO_REGISTER_MODE_RWP), 0);
}

static void forbid(FIXTURE_DATA(uffd_access) (*self), size_t count, unsigned long long mode)
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_RWPROTECT",
		      monitor_forbid(self->monitor, self->story.buffer.addr,
				     count * features.page_size, mode), 0);
}

/* Protect page 0 and no other. */
static void forbid_first(FIXTURE_DATA(uffd_access) (*self))
{
	watch(self, 0);
	forbid(self, 1, FORBID);
}

/* The page is the one of the beginning; from private memory, an access brings it back. */
static void expect_as_accessed(struct story *s, size_t page)
{
	if (s->place == PLACE_PRIVATE)
		expect_at(s, page, PLACE_SYSTEM);
	else
		expect_stays(s, page);
}

/* Page 0 is protected, and page 1 is not. */
static void expect_forbidden(struct story *s)
{
	set_rule(RULE_UFFD_STOPS_ACCESS);
	expect_uffd_wp("page 0", story_page(s, 0), true);
	expect_uffd_wp("page 1", story_page(s, 1), false);
	expect_result("a read of page 0", cpu_read(&s->buffer, 0, 1, NULL), KILLED_BY(SIGBUS));
	expect_result("a write to page 0", cpu_write(&s->buffer, 0, 1, BY_OTHER),
		      KILLED_BY(SIGBUS));
	expect_result("a read of page 1", cpu_read(&s->buffer, 1, 1, NULL), features.page_size);
	expect_mapped(s, 0, PERM_NONE);
}

/* Page 0 has its bytes and can be written. */
static void expect_allowed(struct story *s)
{
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("page 0", story_page(s, 0), false);
	expect_owner_sees(s, 0, BY_OWNER);
	story_write(s, 0);
}

SCENARIO(uffd_access, by_cpu,
	 "a read and a write of a protected page fail and change nothing, those of the next page "
	 "succeed; without the protection they succeed in place")
{
	struct story *s = &self->story;

	forbid_first(self);
	expect_forbidden(s);
	expect_as_accessed(s, 0);
	forbid(self, 1, 0);
	expect_allowed(s);
	expect_as_accessed(s, 0);
}

SCENARIO(uffd_access, by_kernel,
	 "system calls, another process and a debugger cannot access a protected page, and change "
	 "nothing; another process reads the next page")
{
	struct story *s = &self->story;
	struct child *other = &self->debugger;
	static unsigned char bytes[65536];

	forbid_first(self);
	set_rule(RULE_UFFD_STOPS_ACCESS);
	expect_result("open(2) of a path in page 0",
		      errno_of(open((char *)s->buffer.addr, O_RDONLY)), -EFAULT);
	expect_result("getrandom(2) into page 0", errno_of(getrandom(s->buffer.addr, 1, 0)),
		      -EFAULT);
	expect_result("process_vm_readv(2)", other_vm_read(other, &s->buffer, 0, 1, bytes),
		      -EFAULT);
	expect_result("process_vm_writev(2)", other_vm_write(other, &s->buffer, 0, 1), -EFAULT);
	expect_result("a debugger's read", other_peek(other, &s->buffer, 0, 1, bytes), -EIO);
	expect_result("a debugger's write", other_poke(other, &s->buffer, 0, 1), -EIO);
	expect_result("process_vm_readv(2) of page 1",
		      other_vm_read(other, &s->buffer, 1, 1, bytes), features.page_size);
	expect_forbidden(s);
	expect_as_accessed(s, 0);
}

SCENARIO(uffd_access, by_pin,
	 "GUP gets no reference to a protected page, in any way; it gets the next page")
{
	struct story *s = &self->story;
	struct pin_kind kind;
	unsigned int bits;

	forbid_first(self);
	set_rule(RULE_UFFD_STOPS_ACCESS);
	for (bits = 0; bits < 16; bits++) {
		kind = (struct pin_kind){ .fast = bits & 1, .write = bits & 2, .pin = bits & 4,
					  .longterm = (bits & 12) == 12 };
		expect_result("bytes of page 0", pin_pages(kind, s->buffer.addr, 1), 0);
	}
	expect_result("bytes of page 1",
		      pin_pages((struct pin_kind){ .pin = true }, buffer_page(&s->buffer, 1), 1),
		      features.page_size);
	expect_forbidden(s);
	expect_as_accessed(s, 0);
}

SCENARIO(uffd_access, by_device,
	 "the device cannot read or write a protected page, also if it did before; it reads the "
	 "next page")
{
	struct story *s = &self->story;

	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("the device's read", device_read(&s->device, s->buffer.addr, PAGES), 0);
	forbid_first(self);
	set_rule(RULE_UFFD_STOPS_ACCESS);
	expect_result("the device's read of page 0", device_read(&s->device, s->buffer.addr, 1),
		      -EFAULT);
	expect_result("its write to page 0", device_write(&s->device, s->buffer.addr, 1), -EFAULT);
	expect_result("its read of page 1",
		      device_read(&s->device, buffer_page(&s->buffer, 1), 1), 0);
	expect_forbidden(s);
	expect_stays(s, 0);
}

SCENARIO(uffd_access, migrated,
	 "migration to the device and back does not end the protection, nor does it need an access")
{
	struct story *s = &self->story;
	const enum place device = story_on_device(s) ? s->place : PLACE_COHERENT;
	bool there = story_on_device(s);
	int moves;

	forbid_first(self);
	for (moves = 0; moves < 3; moves++) {
		if (there)
			story_migrate_back(s);
		else
			story_migrate_to_device(s);
		there = !there;
		set_rule(there ? RULE_ENTRY : RULE_BACK);
		expect_at(s, 0, there ? device : PLACE_SYSTEM);
		set_rule(RULE_MARKS_TRAVEL);
		expect_uffd_wp("page 0", story_page(s, 0), true);
	}
	expect_forbidden(s);
}

SCENARIO(uffd_access, mprotected,
	 "mprotect() to read-only, to inaccessible and to R/W does not end the protection")
{
	struct story *s = &self->story;

	forbid_first(self);
	story_protect(s, 0, PAGES, PROT_READ);
	story_protect(s, 0, PAGES, PROT_NONE);
	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	expect_forbidden(s);
	expect_as_accessed(s, 0);
}

SCENARIO(uffd_access, forked,
	 "a child reads and writes its page without protection; the parent's page stays protected")
{
	struct story *s = &self->story;

	forbid_first(self);
	child_fork(&s->child);
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("the child's page", page_at(s->child.pid, s->buffer.addr), false);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_forbidden(s);
	forbid(self, 1, 0);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
}

SCENARIO(uffd_access, moved_away,
	 "pages that mremap() moves to an unregistered mapping are not protected there")
{
	struct story *s = &self->story;
	unsigned char *to = map_memory(s->buffer.size, PROT_NONE);

	forbid_first(self);
	move_memory(s->buffer.addr, s->buffer.size, to);
	s->buffer.addr = to;
	expect_allowed(s);
	expect_as_accessed(s, 0);
}

SCENARIO(uffd_access, unregistered,
	 "protection ends when the range is unregistered, and when the userfaultfd is closed")
{
	struct story *s = &self->story;

	watch(self, 0);
	forbid(self, 2, FORBID);
	monitor_leave(self->monitor, s->buffer.addr, features.page_size);
	expect_allowed(s);
	set_rule(RULE_UFFD_STOPS_ACCESS);
	expect_result("a read of page 1", cpu_read(&s->buffer, 1, 1, NULL), KILLED_BY(SIGBUS));
	close(self->monitor);
	self->monitor = -1;
	set_rule(RULE_MONITOR_LETS_GO);
	expect_uffd_wp("page 1", story_page(s, 1), false);
	expect_owner_sees(s, 1, BY_OWNER);
}

static long let_access(int fd, bool on)
{
	struct uffdio_set_mode mode = { .enable = on ? MONITOR_LETS_ACCESS : 0,
					.disable = on ? 0 : MONITOR_LETS_ACCESS };

	return errno_of(ioctl(fd, UFFDIO_SET_MODE, &mode));
}

SCENARIO(uffd_access, recorded,
	 "with UFFD_FEATURE_RWP_ASYNC an access succeeds in place and removes the protection of "
	 "its page only; without it again, an access is stopped")
{
	struct story *s = &self->story;

	watch(self, MONITOR_LETS_ACCESS);
	forbid(self, PAGES, FORBID);
	set_rule(RULE_UFFD_STOPS_ACCESS);
	expect_owner_sees(s, 0, BY_OWNER);
	story_write(s, 1);
	expect_uffd_wp("page 0, which was read", story_page(s, 0), false);
	expect_uffd_wp("page 1, which was written", story_page(s, 1), false);
	expect_uffd_wp("page 2", story_page(s, 2), true);
	expect_owner_sees(s, 1, BY_OWNER_AGAIN);
	expect_as_accessed(s, 0);
	expect_as_accessed(s, 1);
	expect_result("UFFDIO_SET_MODE", let_access(self->monitor, false), 0);
	expect_result("a read of page 2", cpu_read(&s->buffer, 2, 1, NULL), KILLED_BY(SIGBUS));
	expect_result("UFFDIO_SET_MODE", let_access(self->monitor, true), 0);
	expect_owner_sees(s, 2, BY_OWNER);
}

SCENARIO(uffd_access, wrong_ranges,
	 "UFFDIO_RWPROTECT refuses wrong ranges and modes, and protects nothing of a range that is "
	 "registered in part")
{
	struct story *s = &self->story;
	const size_t page = features.page_size;
	unsigned char *addr = s->buffer.addr;
	int fd;

	watch(self, 0);
	fd = self->monitor;
	monitor_leave(fd, addr + page, page);
	set_rule(RULE_RANGE_TO_WATCH);
	expect_result("an unaligned start", monitor_forbid(fd, addr + 1, page, FORBID), -EINVAL);
	expect_result("an unaligned size", monitor_forbid(fd, addr, page + 1, FORBID), -EINVAL);
	expect_result("an empty range", monitor_forbid(fd, addr, 0, FORBID), -EINVAL);
	expect_result("a range that wraps", monitor_forbid(fd, addr, -page, FORBID), -EINVAL);
	expect_result("an unknown mode", monitor_forbid(fd, addr, page, BIT(5)), -EINVAL);
	expect_result("protection without waking",
		      monitor_forbid(fd, addr, page, FORBID | UFFDIO_RWPROTECT_MODE_DONTWAKE),
		      -EINVAL);
	expect_result("a page that is not registered",
		      monitor_forbid(fd, addr + page, page, FORBID), -ENOENT);
	expect_result("a range that is registered in part",
		      monitor_forbid(fd, addr, PAGES * page, FORBID), -ENOENT);
	expect_allowed(s);
	expect_stays(s, 0);
}

SCENARIO(uffd_access, wrong_modes,
	 "registration for access is refused together with write protection, without the feature, "
	 "and of inaccessible memory; a registered range keeps its mode")
{
	struct story *s = &self->story;
	unsigned char *addr = s->buffer.addr;
	const size_t size = s->buffer.size;
	const unsigned long long rwp = UFFDIO_REGISTER_MODE_RWP;
	const int plain = monitor_create(UFFD_FEATURE_PAGEFAULT_FLAG_WP);

	set_rule(RULE_RANGE_TO_WATCH);
	expect_result("without UFFD_FEATURE_RWP", monitor_watch_for(plain, addr, size, rwp),
		      -EINVAL);
	set_rule(RULE_MONITOR_HAS_FEATURE);
	expect_result("UFFDIO_SET_MODE without UFFD_FEATURE_RWP", let_access(plain, true), -EINVAL);
	close(plain);
	watch(self, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	set_rule(RULE_RANGE_TO_WATCH);
	expect_result("another mode for a registered range",
		      monitor_watch_for(self->monitor, addr, size, UFFDIO_REGISTER_MODE_MISSING),
		      -EBUSY);
	monitor_leave(self->monitor, addr, size);
	expect_result("together with write protection",
		      monitor_watch_for(self->monitor, addr, size, rwp | UFFDIO_REGISTER_MODE_WP),
		      -EINVAL);
	story_protect(s, 0, PAGES, PROT_NONE);
	expect_result("inaccessible memory", monitor_watch_for(self->monitor, addr, size, rwp),
		      -EINVAL);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_uffd_access", argc, argv);
}
