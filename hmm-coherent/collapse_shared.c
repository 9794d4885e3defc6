// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_COLLAPSE of shared memory: what all mappings of the file see
 *
 * The small pages of a file are replaced by a huge page, while several
 * mappings, private copies, pins and devices refer to them.
 */
#include "suite/harness.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/config.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "see/pin.h"
#include "story/huge.h"

#define SHMEM THP "shmem_enabled"
#define ODD 7
#define ATTEMPTS 20
/* st_blocks counts these (stat(2)). */
#define BLOCK 512

FIXTURE(collapse_shared)
{
	struct huge huge;
	int fd, monitor, pin;	/* of the file; -1: none */
	unsigned char *room, *first, *second;	/* two huge ranges of @room */
};

static void set_shmem(const char *text)
{
	int error = write_text(SHMEM, text);

	if (error)
		syscall_failed(SHMEM, -error);
}

static void map_at(FIXTURE_DATA(collapse_shared) (*self), unsigned char *addr, int prot, int flags)
{
	const size_t size = self->huge.size;

	if (mmap(addr, size, prot, flags | MAP_FIXED, self->fd, 0) != addr)
		syscall_failed("mmap", errno);
}

/* Write the file's pages by write(2), so that they are small and not mapped. */
FIXTURE_SETUP(collapse_shared)
{
	static unsigned char page[65536] __aligned(8);
	struct huge *h = &self->huge;
	size_t i;

	need(page_cache_can_be_huge(), SKIP_NO_HUGE_SHMEM);
	self->monitor = -1;
	self->pin = -1;
	huge_begin(h, false);
	restore_setting(SHMEM);
	set_shmem("never");
	self->fd = memfd_create("hmm-coherent", MFD_CLOEXEC);
	if (self->fd < 0 || ftruncate(self->fd, h->size))
		syscall_failed("memfd", errno);
	for (i = 0; i < h->pages; i++) {
		write_page(page, h->story.buffer.serial, i, BY_OWNER);
		if (pwrite(self->fd, page, features.page_size, i * features.page_size) !=
		    (ssize_t)features.page_size)
			syscall_failed("pwrite", errno);
	}
	self->room = map_memory(3 * h->size, PROT_NONE);
	self->first = (unsigned char *)(((uintptr_t)self->room + h->size - 1) & ~(h->size - 1));
	self->second = self->first + h->size;
	map_at(self, self->first, PROT_READ | PROT_WRITE, MAP_SHARED);
}

FIXTURE_TEARDOWN(collapse_shared)
{
	if (self->pin >= 0)
		pin_drop(self->pin);
	if (self->monitor >= 0)
		close(self->monitor);
	unmap_memory(self->room, 3 * self->huge.size);
	close(self->fd);
	huge_end(&self->huge);
}

static long collapse(FIXTURE_DATA(collapse_shared) (*self), unsigned char *addr)
{
	long result = -EAGAIN;
	int i;

	for (i = 0; i < ATTEMPTS && result == -EAGAIN; i++)
		result = errno_of(madvise(addr, self->huge.size, MADV_COLLAPSE));
	if (result == -ENOMEM)
		huge_memory_refused("a huge page");
	return result;
}

/* Touch each page by a read, so that it is mapped. */
static size_t lost(FIXTURE_DATA(collapse_shared) (*self), unsigned char *addr)
{
	struct huge *h = &self->huge;
	size_t i, count = 0;

	for (i = 0; i < h->pages; i++)
		count += read_page(page_in(addr, i), h->story.buffer.serial, i, BY_OWNER,
				   BY_OTHER) != DATA_OLD;
	return count;
}

static bool is_huge(FIXTURE_DATA(collapse_shared) (*self), unsigned char *addr)
{
	return device_snapshot(&self->huge.device, addr).huge;
}

static void expect_collapsed(FIXTURE_DATA(collapse_shared) (*self), unsigned char *addr)
{
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE", collapse(self, addr), 0);
	expect_result("the mapping is huge", is_huge(self, addr), 1);
	expect_result("pages with other bytes", lost(self, addr), 0);
}

static void expect_refused(FIXTURE_DATA(collapse_shared) (*self), unsigned char *addr, long error)
{
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE", collapse(self, addr), error);
	expect_result("the mapping is huge", is_huge(self, addr), 0);
	expect_result("pages with other bytes", lost(self, addr), 0);
}

static unsigned long page_number(FIXTURE_DATA(collapse_shared)(*self), unsigned char *addr,
				 size_t page)
{
	(void)self;
	return page_at(0, page_in(addr, page)).pfn;
}

SCENARIO(collapse_shared, all_mappings,
	 "after the collapse a second mapping and a child have the same pages, and a write of one "
	 "is seen by all")
{
	struct huge *h = &self->huge;
	struct buffer mine = { .addr = self->second, .pages = h->pages, .size = h->size,
			       .serial = h->story.buffer.serial };

	map_at(self, self->second, PROT_READ | PROT_WRITE, MAP_SHARED);
	expect_result("pages with other bytes", lost(self, self->second), 0);
	child_fork(&h->story.child);
	expect_collapsed(self, self->first);
	expect_result("pages of the second mapping with other bytes", lost(self, self->second), 0);
	expect(page_number(self, self->first, ODD) == page_number(self, self->second, ODD),
	       "the two mappings have different pages");
	expect_result("the child's write",
		      child_write(&h->story.child, &mine, ODD, 1, BY_CHILD), features.page_size);
	expect_bytes(page_in(self->first, ODD), mine.serial, ODD, BY_CHILD,
		     "bytes of the first mapping");
	expect_result("a read by the device",
		      device_read(&h->device, page_in(self->first, ODD), 1), 0);
	expect_bytes(h->device.bounce, mine.serial, ODD, BY_CHILD, "bytes that the device reads");
}

SCENARIO(collapse_shared, read_only,
	 "a read-only mapping of the file can be collapsed, and stays read-only")
{
	struct buffer mine = { .addr = self->second, .pages = 1, .size = features.page_size,
			       .serial = self->huge.story.buffer.serial };

	map_at(self, self->second, PROT_READ, MAP_SHARED);
	expect_result("pages with other bytes", lost(self, self->second), 0);
	expect_collapsed(self, self->second);
	set_rule(RULE_WRITE_NEEDS_PERMISSION);
	expect_result("a write", cpu_write(&mine, 0, 1, BY_OTHER), KILLED_BY(SIGSEGV));
	expect_collapsed(self, self->first);
}

SCENARIO(collapse_shared, pinned,
	 "a long-term pin of a page of the file prevents the collapse with EAGAIN, and sees later "
	 "writes")
{
	struct huge *h = &self->huge;
	static unsigned char copy[65536] __aligned(8);
	unsigned char *odd = page_in(self->first, ODD);
	unsigned long frame;

	need(features.pin_stays, SKIP_NO_STAYING_PINS);
	expect_result("pages with other bytes", lost(self, self->first), 0);
	self->pin = pin_hold(false, true, odd, 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(self->pin >= 0, "a long-term pin fails with errno %d", -self->pin);
	frame = page_number(self, self->first, ODD);
	expect_refused(self, self->first, -EAGAIN);
	expect(page_number(self, self->first, ODD) == frame, "the pinned page has another frame");
	write_page(odd, h->story.buffer.serial, ODD, BY_OWNER_AGAIN);
	set_rule(RULE_PIN_FOLLOWS_OWNER);
	expect_result("a read through the pin", pin_read(self->pin, copy), 0);
	expect_bytes(copy, h->story.buffer.serial, ODD, BY_OWNER_AGAIN,
		     "bytes that the pin sees");
	write_page(odd, h->story.buffer.serial, ODD, BY_OWNER);
	pin_drop(self->pin);
	self->pin = -1;
	expect_collapsed(self, self->first);
}

SCENARIO(collapse_shared, referenced,
	 "a reference to a page of the file prevents the collapse with EAGAIN")
{
	struct huge *h = &self->huge;

	expect_result("pages with other bytes", lost(self, self->first), 0);
	story_hold_at(&h->story, page_in(self->first, ODD));
	expect_refused(self, self->first, -EAGAIN);
	story_let_go(&h->story);
	expect_collapsed(self, self->first);
}

SCENARIO(collapse_shared, private_copy,
	 "a private mapping with a copy of one page keeps the copy when the file is collapsed, and "
	 "can be collapsed itself when the copy is gone")
{
	const uint32_t serial = self->huge.story.buffer.serial;
	unsigned char *odd = page_in(self->second, ODD);
	unsigned long frame;

	map_at(self, self->second, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	expect_result("pages with other bytes", lost(self, self->second), 0);
	write_page(odd, serial, ODD, BY_OTHER);
	frame = page_number(self, self->second, ODD);
	expect_collapsed(self, self->first);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect(page_number(self, self->second, ODD) == frame, "the private copy has moved");
	expect_bytes(odd, serial, ODD, BY_OTHER, "bytes of the private copy");
	expect_result("pages of the private mapping with other bytes", lost(self, self->second),
		      1);
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE with the copy", collapse(self, self->second), -EINVAL);
	expect_bytes(odd, serial, ODD, BY_OTHER, "bytes of the private copy");
	advise_memory(odd, features.page_size, MADV_DONTNEED);
	expect_result("MADV_COLLAPSE without the copy", collapse(self, self->second), 0);
	expect_result("pages of the private mapping with other bytes", lost(self, self->second),
		      0);
	write_page(odd, serial, ODD, BY_OTHER);
	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_bytes(page_in(self->first, ODD), serial, ODD, BY_OWNER, "bytes of the file");
}

/* The page table is freed: a device that walks it, or has copied it, must not use it any more. */
SCENARIO(collapse_shared, of_huge_page,
	 "a mapping that maps a huge page of the file by small entries is collapsed, and a device "
	 "that has read it is told")
{
	struct huge *h = &self->huge;
	unsigned char *odd = page_in(self->second, ODD);

	expect_collapsed(self, self->first);
	map_at(self, self->second, PROT_READ | PROT_WRITE, MAP_SHARED);
	advise_memory(self->second, h->size, MADV_NOHUGEPAGE);
	expect_result("pages of the second mapping with other bytes", lost(self, self->second), 0);
	set_rule(RULE_HUGE_AS_ADVISED);
	must(!is_huge(self, self->second), "the mapping with MADV_NOHUGEPAGE is huge");
	advise_memory(self->second, h->size, MADV_HUGEPAGE);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", device_read(&h->device, odd, 1), 0);
	expect_result("a read by the device", device_read(&h->device, odd, 1), 0);
	expect_result("faults of a read that the device repeats", h->device.faults, 0);
	expect_collapsed(self, self->second);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a read by the device", device_read(&h->device, odd, 1), 0);
	expect(h->device.faults, "the device reads through the entry of before the collapse");
	expect_bytes(h->device.bounce, h->story.buffer.serial, ODD, BY_OWNER,
		     "bytes that the device reads");
}

SCENARIO(collapse_shared, protected_by_uffd,
	 "a mapping with write protection by userfaultfd is not collapsed (EINVAL), and its page "
	 "stays protected")
{
	unsigned char *odd = page_in(self->first, ODD);
	struct buffer mine = { .addr = odd, .pages = 1, .size = features.page_size,
			       .serial = self->huge.story.buffer.serial };

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->monitor = monitor_open(self->first, self->huge.size, MONITOR_OF_SHARED_MEMORY);
	need(self->monitor >= 0, SKIP_NO_UFFD_WP);
	expect_result("pages with other bytes", lost(self, self->first), 0);
	monitor_protect(self->monitor, odd, features.page_size, true);
	expect_refused(self, self->first, -EINVAL);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect(page_at(0, odd).uffd_wp, "the page is not protected any more");
	expect_result("a write", cpu_write(&mine, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	monitor_leave(self->monitor, self->first, self->huge.size);
	expect_collapsed(self, self->first);
}

/* Remove one page from the file, so that there is a hole. */
static void punch(FIXTURE_DATA(collapse_shared) (*self))
{
	if (fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      ODD * features.page_size, features.page_size))
		syscall_failed("fallocate", errno);
}

static long file_pages(FIXTURE_DATA(collapse_shared) (*self))
{
	struct stat file;

	if (fstat(self->fd, &file))
		syscall_failed("fstat", errno);
	return file.st_blocks / (features.page_size / BLOCK);
}

WHY_NOT(collapse_shared)
{
	if (!strcmp(test, "watched_hole") && !kernel_has(CHANGE_COLLAPSE_KEEPS_HOLES))
		return "this kernel fills holes that userfaultfd watches (before 6.4)";
	return NULL;
}

SCENARIO(collapse_shared, watched_hole,
	 "a hole that userfaultfd watches is not filled: MADV_COLLAPSE returns EBUSY, and the file "
	 "has the same number of pages")
{
	struct huge *h = &self->huge;

	need(features.uffd_wp, SKIP_NO_USERFAULTFD);
	self->monitor = monitor_create(0);
	punch(self);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, self->first, h->size,
					UFFDIO_REGISTER_MODE_MISSING),
		      0);
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE", collapse(self, self->first), -EBUSY);
	expect(page_at(0, page_in(self->first, ODD)).at == PLACE_NOWHERE, "the hole is filled");
	expect_result("pages of the file", file_pages(self), h->pages - 1);
}

SCENARIO(collapse_shared, hole,
	 "a hole of the file reads as zeros after the collapse; the file counts each page once, "
	 "and none after truncation")
{
	struct huge *h = &self->huge;

	punch(self);
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("pages of the file before", file_pages(self), h->pages - 1);
	expect_result("MADV_COLLAPSE", collapse(self, self->first), 0);
	expect_zeros(page_in(self->first, ODD), "the page that was a hole");
	expect_result("pages with other bytes", lost(self, self->first), 1);
	expect_result("pages of the file after", file_pages(self), h->pages);
	set_rule(RULE_END_OF_FILE);
	if (ftruncate(self->fd, 0))
		syscall_failed("ftruncate", errno);
	expect_result("pages of the file after truncation", file_pages(self), 0);
}

SCENARIO(collapse_shared, failed_with_hole,
	 "a collapse that fails because of a reference leaves a hole and the number of pages")
{
	struct huge *h = &self->huge;

	punch(self);
	story_hold_at(&h->story, page_in(self->first, ODD + 1));
	set_rule(RULE_COLLAPSE_BY_STATE);
	expect_result("MADV_COLLAPSE", collapse(self, self->first), -EAGAIN);
	expect_result("pages of the file", file_pages(self), h->pages - 1);
	story_let_go(&h->story);
}

SCENARIO(collapse_shared, denied,
	 "with shmem_enabled=deny the collapse fails with EINVAL, with never it succeeds")
{
	set_shmem("deny");
	expect_refused(self, self->first, -EINVAL);
	set_shmem("never");
	expect_collapsed(self, self->first);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_collapse_shared", argc, argv);
}
