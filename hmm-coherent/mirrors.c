// SPDX-License-Identifier: GPL-2.0
/*
 * Several mirrors of the same pages: the mirror of a child, an inherited device
 * file, and the file of a process that has exited
 *
 * A device file mirrors the address space of the process that opened it, and
 * migration moves a page for every process that maps it. So processes that
 * share pages or a device file can affect each other, and may do so only as the
 * rules say.
 */
#include "devices.h"

#include <errno.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"

/* The child's mirror of the shared pages. */
static struct device mirror;

/* A page of shared memory for the bytes that the driver reads for the child. */
static unsigned char *seen_by_child;

/* Call it before the fork. */
static void share_what_is_seen(void)
{
	seen_by_child = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen_by_child == MAP_FAILED)
		syscall_failed("mmap", errno);
}

static long open_mirror(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	device_open(&mirror, PLACE_COHERENT, 1);
	return 0;
}

static long mirror_reads(const struct buffer *buffer, long page)
{
	long error = device_read(&mirror, buffer_page(buffer, page), 1);

	memcpy(seen_by_child, mirror.bounce, features.page_size);
	return error;
}

static long mirror_writes(const struct buffer *buffer, long page)
{
	write_page(mirror.bounce, buffer->serial, page, BY_DEVICE);
	return device_write(&mirror, buffer_page(buffer, page), 1);
}

static long mirror_takes(const struct buffer *buffer, long page)
{
	return device_migrate_to(&mirror, buffer_page(buffer, page), 1);
}

static long mirror_returns(const struct buffer *buffer, long page)
{
	return device_migrate_back(&mirror, buffer_page(buffer, page), 1);
}

static void child_makes_writable(struct story *s)
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("the child's mprotect",
		      child_protect(&s->child, &s->buffer, PROT_READ | PROT_WRITE), 0);
}

static struct page child_page(struct story *s, size_t page)
{
	return page_at(s->child.pid, buffer_page(&s->buffer, page));
}

SCENARIO(devices, two_mirrors,
	 "a child's mirror of shared pages reads the parent's bytes; a write by it makes a copy "
	 "for the child")
{
	struct story *s = &self->story;

	share_what_is_seen();
	child_fork(&s->child);
	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("the child opens the device",
		      child_call(&s->child, &s->buffer, open_mirror, 0), 0);
	expect_result("a read by the child's mirror",
		      child_call(&s->child, &s->buffer, mirror_reads, 0), 0);
	expect_bytes(seen_by_child, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the child's mirror reads");
	expect_stays(s, 0);
	if (s->read_only) {
		set_rule(RULE_WRITE_NEEDS_PERMISSION);
		expect_result("a write by the child's mirror",
			      child_call(&s->child, &s->buffer, mirror_writes, 0), -EPERM);
		expect_child_keeps_frame(s, &s->child, 0);
		child_makes_writable(s);
	}
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("a write by the child's mirror",
		      child_call(&s->child, &s->buffer, mirror_writes, 0), 0);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_SYSTEM);
	expect_stays(s, 0);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_DEVICE);
	expect_result("the parent's mirror", device_read(&s->device, s->buffer.addr, 1), 0);
	expect_bytes(s->device.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the parent's mirror reads");
}

SCENARIO(devices, two_mirrors_migrate,
	 "migration by one mirror moves a shared page for all processes that share it, and a copy "
	 "for its owner only")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	child_makes_writable(s);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("the child opens the device",
		      child_call(&s->child, &s->buffer, open_mirror, 0), 0);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	set_rule(RULE_ENTRY);
	expect_result("migration of the child's copy",
		      child_call(&s->child, &s->buffer, mirror_takes, 0), 0);
	expect_child_has_other_frame(s, &s->child, 0, PLACE_COHERENT);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);

	set_rule(RULE_BACK);
	expect_result("migration back of a shared page",
		      child_call(&s->child, &s->buffer, mirror_returns, 1), 0);
	expect_at(s, 1, PLACE_SYSTEM);
	expect(child_page(s, 1).pfn == story_page(s, 1).pfn,
	       "parent and child do not share the page any more");
	expect_exclusive(s, 1, false);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 1, BY_OWNER);
	expect_child_sees(s, &s->child, 1, BY_OWNER);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

/* Call @act with the parent's device file in the child; the driver copies to @seen_by_child. */
static long inherited(const struct buffer *buffer, long device,
		      int (*act)(struct device *, const void *, size_t))
{
	struct device mine = *(struct device *)device;

	mine.bounce_pages = 1;
	mine.bounce = seen_by_child;
	return act(&mine, buffer->addr, 1);
}

static long inherited_reads(const struct buffer *buffer, long device)
{
	return inherited(buffer, device, device_read);
}

static long inherited_returns(const struct buffer *buffer, long device)
{
	return inherited(buffer, device, device_migrate_back);
}

static long inherited_takes(const struct buffer *buffer, long device)
{
	return inherited(buffer, device, device_migrate_to);
}

SCENARIO(devices, inherited_file,
	 "an inherited device file in a child accesses the parent's memory, and the exit of the "
	 "child leaves the pages on the device")
{
	struct story *s = &self->story;
	unsigned long frame;

	share_what_is_seen();
	child_fork(&s->child);
	child_makes_writable(s);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	frame = child_page(s, 0).pfn;
	set_rule(RULE_MIRROR_OF_OPENER);
	expect_result("a read by the child",
		      child_call(&s->child, &s->buffer, inherited_reads, (long)&s->device), 0);
	expect_bytes(seen_by_child, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the file reads for the child");
	expect_result("migration back by the child",
		      child_call(&s->child, &s->buffer, inherited_returns, (long)&s->device), 0);
	expect_at(s, 0, PLACE_SYSTEM);
	memset(seen_by_child, 0, features.page_size);
	expect_result("migration by the child",
		      child_call(&s->child, &s->buffer, inherited_takes, (long)&s->device), 0);
	expect_at(s, 0, PLACE_COHERENT);
	expect_bytes(seen_by_child, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the migration by the child copies");
	expect(child_page(s, 0).pfn == frame, "the child's own page moved");
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	child_leave(&s->child);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_at(s, 0, PLACE_COHERENT);
	expect_stays(s, 1);
}

static long open_and_tell(const struct buffer *buffer, long arg)
{
	open_mirror(buffer, arg);
	return mirror.fd;
}

/*
 * Get the device file of a process that exits then: its mirrored address space
 * does not exist any more.
 */
static struct device *orphan_mirror(FIXTURE_DATA(devices) (*self))
{
	struct story *s = &self->story;
	long theirs;
	int pidfd;

	child_fork(&s->child);
	theirs = child_call(&s->child, &s->buffer, open_and_tell, 0);
	pidfd = syscall(SYS_pidfd_open, s->child.pid, 0);
	if (pidfd < 0)
		syscall_failed("pidfd_open", errno);
	open_second(self, PLACE_REMOTE);	/* for its bounce buffer */
	close(self->second.fd);
	self->second.fd = syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	if (self->second.fd < 0)
		syscall_failed("pidfd_getfd", errno);
	close(pidfd);
	child_leave(&s->child);
	return &self->second;
}

SCENARIO(devices, opener_gone,
	 "migration and snapshot through the device file of a process that has exited return "
	 "EINVAL and move no pages")
{
	struct story *s = &self->story;
	struct device *orphan = orphan_mirror(self);

	set_rule(RULE_MIRROR_OF_OPENER);
	expect_result("migration", device_migrate_to(orphan, s->buffer.addr, 1), -EINVAL);
	expect_result("migration back", device_migrate_back(orphan, s->buffer.addr, 1), -EINVAL);
	expect_result("a snapshot", device_command(orphan, HMM_DMIRROR_SNAPSHOT, s->buffer.addr, 1),
		      -EINVAL);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * Without "lib/test_hmm: fail dmirror_fault() when the mirrored mm is gone",
 * dmirror_fault() returns success for an mm that does not exist any more, and
 * dmirror_fops_unlocked_ioctl() retries for ever. The process cannot be killed,
 * so the suite does not probe this.
 */
SCENARIO(devices, opener_gone_access,
	 "reads and writes through the device file of a process that has exited return EFAULT and "
	 "do not loop")
{
	struct story *s = &self->story;
	struct device *orphan;

	need_survives(CHANGE_DEAD_MIRROR_ENDS);
	orphan = orphan_mirror(self);
	set_rule(RULE_MIRROR_OF_OPENER);
	expect_result("the device's read", device_read(orphan, s->buffer.addr, 1), -EFAULT);
	expect_result("the device's write", device_write(orphan, s->buffer.addr, 1), -EFAULT);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_mirrors", argc, argv);
}
