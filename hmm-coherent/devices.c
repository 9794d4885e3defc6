// SPDX-License-Identifier: GPL-2.0
/*
 * The devices themselves: what they refuse, several mirrors of one memory, two
 * devices that want one page, and a device's end
 *
 * A device file mirrors the memory of who opened it, and what it migrates moves
 * for every process that maps it. Processes that share pages, or a file,
 * therefore reach into each other here, and must do so only where the rules
 * say.
 */
#include "suite/harness.h"

#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "story/story.h"

/*
 * Trees before 6.19 do not have this command in their header; the running
 * kernel may. Its number is ABI between the two.
 */
#ifndef HMM_DMIRROR_FLAGS
#define HMM_DMIRROR_FLAGS _IOWR('H', 0x08, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_FLAG_FAIL_ALLOC BIT_ULL(0)
#endif

#define PAGES 3

FIXTURE(devices)
{
	struct story story;
	struct device second;	/* a second device file, where a scenario has one */
	bool has_second;
};

FIXTURE_VARIANT(devices)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(devices, coherent_rw) { .place = COHERENT };
FIXTURE_VARIANT_ADD(devices, coherent_ro) { .place = COHERENT, .read_only = true };

WHY_NOT(devices)
{
	struct device device;
	int error;

	if (strcmp(test, "failed_allocation"))
		return NULL;
	/* A flag that it does not know; it goes with the open file. */
	device_open(&device, COHERENT, 2);
	error = device_command(&device, HMM_DMIRROR_FLAGS, device.bounce,
			       HMM_DMIRROR_FLAG_FAIL_ALLOC << 1);
	device_close(&device);
	return error == -EINVAL && !kernel_has(ALLOCATION_FAILS) ?
		       "test_hmm of this kernel cannot be told to fail (HMM_DMIRROR_FLAGS)" :
		       NULL;
}

FIXTURE_SETUP(devices)
{
	self->has_second = false;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(devices)
{
	story_end(&self->story);
	if (self->has_second)
		device_close(&self->second);
}

static struct device *open_second(FIXTURE_DATA(devices) (*self), enum place memory)
{
	device_open(&self->second, memory, BUFFER_PAGES_MAX);
	self->has_second = true;
	return &self->second;
}

/* Pages with a file behind them; the device must leave them, and they must not notice. */
static void expect_refused(struct story *s, void *addr, enum writer writer, const char *what)
{
	unsigned long frame;
	struct page after;

	holds(RULE_ONLY_ANONYMOUS);
	if (writer)
		write_page(addr, s->buffer.serial, 0, writer);
	frame = page_at(0, addr).pfn;
	must(frame, "%s: the page that was just touched is not mapped", what);
	expect_result(what, device_migrate_to(&s->device, addr, 1), -ENOENT);
	after = page_at(0, addr);
	expect(after.pfn == frame && in_memory(after.at),
	       "%s: the page is %s, frame 0x%lx, was 0x%lx", what, place_name(after.at), after.pfn,
	       frame);
	expect(read_page(addr, s->buffer.serial, 0, writer ? writer : BY_MEDIUM, BY_OTHER) == OLD,
	       "%s: its bytes changed", what);
}

SCENARIO(devices, shared_memory_refused,
	 "shared anonymous memory and a shared file mapping stay where they are, and the driver "
	 "says ENOENT")
{
	struct story *s = &self->story;
	const int prot = PROT_READ | PROT_WRITE;
	void *shared, *file;

	story_medium(s, ON_FILE);
	shared = mmap(NULL, features.page_size, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	file = mmap(NULL, features.page_size, prot, MAP_SHARED, s->medium.buffered, 0);
	if (shared == MAP_FAILED || file == MAP_FAILED)
		syscall_failed("mmap", errno);
	expect_refused(s, shared, BY_OWNER, "shared anonymous memory");
	expect_refused(s, file, BY_OWNER_AGAIN, "a shared file mapping");
	expect_medium_has(s, 0, BY_OWNER_AGAIN);
}

/*
 * A private file mapping has pages of both kinds: those of the file, and
 * anonymous copies of the ones that were written.
 */
SCENARIO(devices, private_file_mapping,
	 "of a private file mapping the file's page is refused, and the copy that a write made is "
	 "migrated")
{
	struct story *s = &self->story;
	unsigned char *pages;

	story_medium(s, ON_FILE);
	pages = mmap(NULL, 2 * features.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		     s->medium.buffered, 0);
	if (pages == MAP_FAILED)
		syscall_failed("mmap", errno);
	expect_result("bytes that the mapping shows",
		      read_page(pages, s->buffer.serial, 0, BY_MEDIUM, BY_OTHER), OLD);
	expect_refused(s, pages, 0, "the file's page");

	write_page(pages + features.page_size, s->buffer.serial, 1, BY_OWNER);
	device_move_to(&s->device, pages + features.page_size, 1);
	holds(RULE_ENTRY);
	expect(page_at(0, pages + features.page_size).at == COHERENT,
	       "the private copy is not on the device");
	expect_result("its bytes",
		      read_page(pages + features.page_size, s->buffer.serial, 1, BY_OWNER,
				BY_OTHER),
		      OLD);
	holds(RULE_NO_LEAK);
	expect_medium_has(s, 1, BY_MEDIUM);
}

SCENARIO(devices, arguments_refused,
	 "no pages, an address inside of a page, nothing mapped and PROT_NONE are EINVAL, and "
	 "nothing moves")
{
	struct story *s = &self->story;
	unsigned char *hole = map_memory(features.page_size, PROT_NONE);
	size_t i;

	holds(RULE_RANGE_REFUSED);
	expect_result("no pages", device_migrate_to(&s->device, s->buffer.addr, 0), -EINVAL);
	expect_result("an address inside of a page",
		      device_migrate_to(&s->device, s->buffer.addr + 8, 1), -EINVAL);
	expect_result("more pages than there are addresses",
		      device_command(&s->device, HMM_DMIRROR_SNAPSHOT, (void *)-features.page_size,
				     2),
		      -EINVAL);
	expect_result("PROT_NONE", device_migrate_to(&s->device, hole, 1), -EINVAL);
	expect_result("PROT_NONE, back", device_migrate_back(&s->device, hole, 1), -EINVAL);
	unmap_memory(hole, features.page_size);
	expect_result("nothing mapped", device_migrate_to(&s->device, hole, 1), -EINVAL);
	expect_result("nothing mapped, back", device_migrate_back(&s->device, hole, 1), -EINVAL);
	holds(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
}

SCENARIO(devices, two_devices_one_page,
	 "a device neither takes nor returns the other's page, and reads and writes it where it is")
{
	struct story *s = &self->story;
	struct device *second = open_second(self, REMOTE);
	struct snapshot seen;

	holds(RULE_ONLY_FROM_SYSTEM);
	device_move_to(second, s->buffer.addr, PAGES);
	expect_stays(s, 0);
	holds(RULE_BACK);
	expect_result("migration back by the other device",
		      device_migrate_back(second, s->buffer.addr, PAGES), 0);
	expect_stays(s, 0);

	holds(RULE_DEVICE_IN_PLACE);
	seen = device_snapshot(second, s->buffer.addr);
	expect_same(seen.at == REMOTE, "place of page 0 for the other device", "another device's",
		    place_name(seen.at));
	expect_result("the other device's read", device_read(second, s->buffer.addr, 1), 0);
	expect(read_page(second->bounce, s->buffer.serial, 0, BY_OWNER, BY_OTHER) == OLD,
	       "the other device reads other bytes");
	write_page(second->bounce, s->buffer.serial, 0, BY_DEVICE);
	holds(s->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_DEVICE_IN_PLACE);
	expect_result("the other device's write", device_write(second, s->buffer.addr, 1),
		      s->read_only ? -EPERM : 0);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, s->read_only ? BY_OWNER : BY_DEVICE);
}

SCENARIO(devices, tug_of_war,
	 "two devices take a page from each other by way of memory, again and again, and no byte "
	 "is lost")
{
	struct story *s = &self->story;
	struct device *devices[] = { open_second(self, REMOTE), &s->device };
	int round;

	for (round = 0; round < 6; round++) {
		struct device *loser = devices[!(round & 1)], *winner = devices[round & 1];

		holds(RULE_BACK);
		device_move_back(loser, s->buffer.addr, PAGES);
		expect_at(s, 0, SYSTEM);
		holds(RULE_ENTRY);
		device_move_to(winner, s->buffer.addr, PAGES);
		expect_at(s, 0, winner->memory);
		expect_at(s, PAGES - 1, winner->memory);
		expect_mapped(s, 0, s->read_only ? READ_ONLY : READ_WRITE);
		holds(RULE_ONLY_FROM_SYSTEM);
		device_move_to(loser, s->buffer.addr, PAGES);
		expect_at(s, 0, winner->memory);
		expect_owner_sees(s, 0, BY_OWNER);
		expect_owner_sees(s, PAGES - 1, BY_OWNER);
	}
	holds(RULE_EXCLUSIVE_IS_REUSED);
	expect_exclusive(s, 0, true);
}

/* The child's own mirror of the pages that it shares. */
static struct device mirror;

static long open_mirror(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	device_open(&mirror, COHERENT, 1);
	return 0;
}

static long mirror_reads(const struct buffer *buffer, long page)
{
	long error = device_read(&mirror, buffer_page(buffer, page), 1);

	return error ? error :
		       (long)read_page(mirror.bounce, buffer->serial, page, BY_OWNER, BY_DEVICE);
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
	holds(RULE_LEGAL_CALLS_WORK);
	expect_result("the child's mprotect",
		      child_protect(&s->child, &s->buffer, PROT_READ | PROT_WRITE), 0);
}

static struct page child_page(struct story *s, size_t page)
{
	return page_at(s->child.pid, buffer_page(&s->buffer, page));
}

SCENARIO(devices, two_mirrors,
	 "a child's mirror of shared pages reads the parent's bytes; what it writes is the "
	 "child's alone, in a copy")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	holds(RULE_DEVICE_IN_PLACE);
	expect_result("the child opens the device",
		      child_call(&s->child, &s->buffer, open_mirror, 0), 0);
	expect_result("bytes that the child's mirror reads",
		      child_call(&s->child, &s->buffer, mirror_reads, 0), OLD);
	expect_stays(s, 0);
	if (s->read_only) {
		holds(RULE_WRITE_NEEDS_PERMISSION);
		expect_result("a write by the child's mirror",
			      child_call(&s->child, &s->buffer, mirror_writes, 0), -EPERM);
		expect_child_keeps_frame(s, &s->child, 0);
		child_makes_writable(s);
	}
	holds(RULE_SHARED_IS_COPIED);
	expect_result("a write by the child's mirror",
		      child_call(&s->child, &s->buffer, mirror_writes, 0), 0);
	expect_child_has_other_frame(s, &s->child, 0, SYSTEM);
	expect_stays(s, 0);
	holds(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_DEVICE);
	expect_result("the parent's mirror", device_read(&s->device, s->buffer.addr, 1), 0);
	expect(read_page(s->device.bounce, s->buffer.serial, 0, BY_OWNER, BY_DEVICE) == OLD,
	       "the parent's mirror reads the child's bytes");
}

SCENARIO(devices, two_mirrors_migrate,
	 "what one mirror migrates moves for all who share it, and a copy moves for its owner "
	 "alone")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	child_makes_writable(s);
	holds(RULE_SHARED_IS_COPIED);
	expect_result("the child opens the device",
		      child_call(&s->child, &s->buffer, open_mirror, 0), 0);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	holds(RULE_ENTRY);
	expect_result("migration of the child's copy",
		      child_call(&s->child, &s->buffer, mirror_takes, 0), 0);
	expect_child_has_other_frame(s, &s->child, 0, COHERENT);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);

	holds(RULE_BACK);
	expect_result("migration back of a shared page",
		      child_call(&s->child, &s->buffer, mirror_returns, 1), 0);
	expect_at(s, 1, SYSTEM);
	expect(child_page(s, 1).pfn == page_at(0, buffer_page(&s->buffer, 1)).pfn,
	       "parent and child do not share the page any more");
	expect_exclusive(s, 1, false);
	holds(RULE_NO_LEAK);
	expect_owner_sees(s, 1, BY_OWNER);
	expect_child_sees(s, &s->child, 1, BY_OWNER);
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

/* The parent's device file, used by the child with memory of its own for what the driver copies. */
static long inherited(const struct buffer *buffer, long device,
		      int (*act)(struct device *, const void *, size_t))
{
	struct device mine = *(struct device *)device;
	long error;

	mine.bounce_pages = 1;
	mine.bounce = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	error = act(&mine, buffer->addr, 1);
	return error ? error : (long)read_page(mine.bounce, buffer->serial, 0, BY_OWNER, BY_CHILD);
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
	 "a child that uses the device file it inherited reaches into the parent's memory, and "
	 "its end leaves the pages there")
{
	struct story *s = &self->story;
	unsigned long childs;

	child_fork(&s->child);
	child_makes_writable(s);
	holds(RULE_SHARED_IS_COPIED);
	expect_result("the child's write", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	childs = child_page(s, 0).pfn;
	holds(RULE_MIRROR_OF_OPENER);
	expect_result("bytes that the file reads for the child",
		      child_call(&s->child, &s->buffer, inherited_reads, (long)&s->device), OLD);
	expect_result("migration back by the child",
		      child_call(&s->child, &s->buffer, inherited_returns, (long)&s->device), ZERO);
	expect_at(s, 0, SYSTEM);
	expect_result("migration by the child",
		      child_call(&s->child, &s->buffer, inherited_takes, (long)&s->device), OLD);
	expect_at(s, 0, COHERENT);
	expect(child_page(s, 0).pfn == childs, "the child's own page moved");
	holds(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_child_sees(s, &s->child, 0, BY_CHILD);
	child_leave(&s->child);
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_at(s, 0, COHERENT);
	expect_stays(s, 1);
}

static long open_and_tell(const struct buffer *buffer, long arg)
{
	open_mirror(buffer, arg);
	return mirror.fd;
}

/* Take over the device file of a process that then goes: a mirror of memory that is no more. */
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
	open_second(self, REMOTE);	/* for its bounce buffer */
	close(self->second.fd);
	self->second.fd = syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	if (self->second.fd < 0)
		syscall_failed("pidfd_getfd", errno);
	close(pidfd);
	child_leave(&s->child);
	return &self->second;
}

SCENARIO(devices, opener_gone,
	 "the device file of a process that is gone migrates and shows nothing: EINVAL, and "
	 "nobody else's pages move")
{
	struct story *s = &self->story;
	struct device *orphan = orphan_mirror(self);

	holds(RULE_MIRROR_OF_OPENER);
	expect_result("migration", device_migrate_to(orphan, s->buffer.addr, 1), -EINVAL);
	expect_result("migration back", device_migrate_back(orphan, s->buffer.addr, 1), -EINVAL);
	expect_result("a snapshot", device_command(orphan, HMM_DMIRROR_SNAPSHOT, s->buffer.addr, 1),
		      -EINVAL);
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

/*
 * dmirror_fault() calls it success when the mirrored memory is gone, and
 * dmirror_fops_unlocked_ioctl() tries again for ever, on kernels without
 * "lib/test_hmm: fail dmirror_fault() when the mirrored mm is gone". Nothing
 * can kill that, so it is not probed.
 */
SCENARIO(devices, opener_gone_access,
	 "reads and writes by the device of a process that is gone are EFAULT, and end")
{
	struct story *s = &self->story;
	struct device *orphan;

	need_survives(DEAD_MIRROR_ENDS);
	orphan = orphan_mirror(self);
	holds(RULE_MIRROR_OF_OPENER);
	expect_result("the device's read", device_read(orphan, s->buffer.addr, 1), -EFAULT);
	expect_result("the device's write", device_write(orphan, s->buffer.addr, 1), -EFAULT);
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(devices, exclusive_access,
	 "a page that the device has for itself is no page to the CPU, until it touches it: the "
	 "same page, on the device")
{
	struct story *s = &self->story;
	long result = device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1);
	int round;

	if (s->read_only) {
		/*
		 * GUP for writing is refused; the driver says EBUSY up to 6.12
		 * and GUP's own EFAULT later.
		 */
		holds(RULE_WRITE_NEEDS_PERMISSION);
		expect(result == -EBUSY || result == -EFAULT,
		       "exclusive access to a read-only mapping gives %ld", result);
		expect_stays(s, 0);
		return;
	}
	holds(RULE_DEVICE_EXCLUSIVE);
	for (round = 0; round < 2; round++) {
		expect_result("exclusive access", result, 0);
		expect_at(s, 0, SWAPPED);
		expect_result("is it exclusive",
			      device_command(&s->device, HMM_DMIRROR_CHECK_EXCLUSIVE,
					     s->buffer.addr, 1),
			      -EPERM);
		if (round)
			story_write(s, 0);
		else
			expect_owner_sees(s, 0, BY_OWNER);
		expect_stays(s, 0);
		expect_mapped(s, 0, READ_WRITE);
		expect_exclusive(s, 0, true);
		expect_result("is it exclusive",
			      device_command(&s->device, HMM_DMIRROR_CHECK_EXCLUSIVE,
					     s->buffer.addr, 1),
			      0);
		expect_owner_sees(s, 0, round ? BY_OWNER_AGAIN : BY_OWNER);
		result = device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1);
	}
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
}

static void take_exclusively(struct story *s)
{
	story_make_writable(s);
	holds(RULE_DEVICE_EXCLUSIVE);
	expect_result("exclusive access",
		      device_command(&s->device, HMM_DMIRROR_EXCLUSIVE, s->buffer.addr, 1), 0);
	expect_at(s, 0, SWAPPED);
}

SCENARIO(devices, exclusive_then_forked,
	 "fork() ends the device's exclusive access: parent and child share the page where it is, "
	 "and who writes gets a copy")
{
	struct story *s = &self->story;

	take_exclusively(s);
	child_fork(&s->child);
	holds(RULE_DEVICE_EXCLUSIVE);
	expect_stays(s, 0);
	expect_child_keeps_frame(s, &s->child, 0);
	expect_exclusive(s, 0, false);
	expect_result("is it exclusive",
		      device_command(&s->device, HMM_DMIRROR_CHECK_EXCLUSIVE, s->buffer.addr, 1),
		      0);
	story_write(s, 0);
	holds(RULE_SHARED_IS_COPIED);
	expect_copied(s, 0);
	holds(RULE_NO_LEAK);
	expect_child_sees(s, &s->child, 0, BY_OWNER);
}

SCENARIO(devices, exclusive_then_unmapped,
	 "munmap() of a page that the device has for itself gives it back to the driver, once")
{
	struct story *s = &self->story;
	unsigned char *next = map_memory(features.page_size, PROT_READ | PROT_WRITE);

	take_exclusively(s);
	unmap_memory(s->buffer.addr, features.page_size);
	/* The driver hands out first what came back last, and then something else. */
	device_move_to(&s->device, next, 1);
	holds(RULE_FREED_TO_DRIVER);
	expect(page_at(0, next).pfn == s->frames[0], "the next page has frame 0x%lx, not 0x%lx",
	       page_at(0, next).pfn, s->frames[0]);
	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	device_move_to(&s->device, buffer_page(&s->buffer, 1), 1);
	expect(page_at(0, buffer_page(&s->buffer, 1)).pfn != s->frames[0],
	       "two pages have frame 0x%lx", s->frames[0]);
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

static void fail_next_allocation(struct story *s)
{
	int error = device_command(&s->device, HMM_DMIRROR_FLAGS, s->buffer.addr,
				   HMM_DMIRROR_FLAG_FAIL_ALLOC);

	if (error)
		syscall_failed("HMM_DMIRROR_FLAGS", -error);
}

SCENARIO(devices, failed_allocation,
	 "when the driver has no page for one, that one stays where it is with its bytes, and the "
	 "others move")
{
	struct story *s = &self->story;

	fail_next_allocation(s);
	holds(RULE_NO_PAGE_NO_MOVE);
	expect_result("migration back", device_migrate_back(&s->device, s->buffer.addr, 1),
		      -ENOMEM);
	expect_stays(s, 0);
	expect_owner_sees(s, 0, BY_OWNER);
	holds(RULE_BACK);
	expect_result("once more", device_migrate_back(&s->device, s->buffer.addr, PAGES), 0);
	expect_at(s, 0, SYSTEM);
	story_remember_frames(s);

	fail_next_allocation(s);
	holds(RULE_NO_PAGE_NO_MOVE);
	expect_result("migration", device_migrate_to(&s->device, s->buffer.addr, PAGES), -ENOENT);
	expect_at(s, 0, SYSTEM);
	expect_same_frame(s, 0);
	expect_mapped(s, 0, s->read_only ? READ_ONLY : READ_WRITE);
	expect_owner_sees(s, 0, BY_OWNER);
	holds(RULE_ENTRY);
	expect_at(s, 1, COHERENT);
	device_move_to(&s->device, s->buffer.addr, 1);
	expect_at(s, 0, COHERENT);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, 1, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_devices", argc, argv);
}
