// SPDX-License-Identifier: GPL-2.0
/*
 * Tracking of written pages as checkpoints and live migration use it:
 * PAGEMAP_SCAN with asynchronous write protection, soft-dirty after fork(),
 * kpagecount
 *
 * One call reports the pages that were written and protects them again. A page
 * that is written and not reported is lost, so writes of every kind count: by
 * the CPU, O_DIRECT and a device, to present and to private pages.
 */
#include "suite/harness.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/monitor.h"
#include "see/scan.h"
#include "story/huge.h"
#include "story/story.h"

#define PAGES 3
#define ALL (BIT(PAGES) - 1)

/* linux/fs.h has it since 6.7. */
#ifndef PM_SCAN_CHECK_WPASYNC
#define PM_SCAN_CHECK_WPASYNC BIT(1)
#endif

/* Documentation/admin-guide/mm/pagemap.rst */
#define KPF_MMAP BIT(11)

FIXTURE(trackers)
{
	struct story story;
	int fd;			/* a userfaultfd, -1: none */
	struct huge_range huge;
};

FIXTURE_VARIANT(trackers)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(trackers, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(trackers, private) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(trackers, system) { .place = PLACE_SYSTEM };

WHY_NOT(trackers)
{
	const bool private = variant->place == PLACE_PRIVATE;

	if (!strcmp(test, "soft_dirty_forked") && private)
		return "fork() does not keep the soft-dirty bit of private pages";
	if (!strcmp(test, "frames_counted") && private)
		return "a private page has no entry in kpagecount";
	/* See docs/findings.md, private-mirror-fault. */
	if (!strcmp(test, "written_by_device") && private)
		return "test_hmm accesses a private page that it looks up again as if it were "
		       "memory";
	if (!strcmp(test, "migrated") && variant->place == PLACE_SYSTEM)
		return "the pages of this variant do not migrate";
	if (!strcmp(test, "huge_moved") && variant->place == PLACE_COHERENT)
		return "a coherent device splits huge pages";
	if (!strcmp(test, "soft_dirty_forked") || !strcmp(test, "frames_counted") ||
	    !strcmp(test, "huge_moved"))
		return NULL;
	return scan_available() ? NULL : "this kernel has no PAGEMAP_SCAN (6.7)";
}

FIXTURE_SETUP(trackers)
{
	self->fd = -1;
	self->huge.map = NULL;
	story_begin(&self->story, variant->place, false, PAGES);
}

FIXTURE_TEARDOWN(trackers)
{
	if (self->fd >= 0)
		close(self->fd);
	if (self->huge.map)
		huge_range_end(&self->huge);
	story_end(&self->story);
}

/* Scan the buffer for written pages. Returns them as a bit mask, or -errno. */
static long scan(struct story *s, __u64 flags)
{
	struct page_region regions[PAGES] = { 0 };
	struct pm_scan_arg arg = { .size = sizeof(arg),
				   .flags = flags,
				   .start = (uintptr_t)s->buffer.addr,
				   .end = (uintptr_t)s->buffer.addr + s->buffer.size,
				   .vec = (uintptr_t)regions,
				   .vec_len = PAGES,
				   .category_mask = PAGE_IS_WRITTEN,
				   .return_mask = PAGE_IS_WRITTEN };
	long found = pages_scan(&arg), mask = 0, i;
	__u64 at;

	for (i = 0; i < found; i++)
		for (at = regions[i].start; at < regions[i].end; at += features.page_size)
			mask |= BIT((at - arg.start) / features.page_size);
	return found < 0 ? found : mask;
}

/* Check which pages were written since the last call, and protect them again. */
static void expect_written(struct story *s, const char *since, unsigned int pages)
{
	set_rule(RULE_SCAN_FINDS_WRITES);
	expect_result(since, scan(s, PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC), pages);
}

/* Start tracking: all pages are protected by the first scan. */
static void begin_tracking(FIXTURE_DATA(trackers) (*self))
{
	struct story *s = &self->story;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	self->fd = monitor_open(s->buffer.addr, s->buffer.size, MONITOR_LETS_WRITE);
	need(self->fd >= 0, SKIP_NO_UFFD_WP);
	expect_written(s, "mask of written pages at the first scan", ALL);
	expect_written(s, "mask of written pages at the second scan", 0);
}

SCENARIO(trackers, collected,
	 "PAGEMAP_SCAN reports a page once for each round in which the CPU stores to it, and the "
	 "other pages stay where they are")
{
	struct story *s = &self->story;
	int round;

	begin_tracking(self);
	for (round = 0; round < 3; round++) {
		story_write(s, 1);
		expect_written(s, "mask of written pages after a store to page 1", BIT(1));
		expect_written(s, "mask of written pages after nothing", 0);
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_stays(s, 2);
}

SCENARIO(trackers, read_only_used,
	 "loads by the CPU and the device, and O_DIRECT from the pages, make no page written")
{
	struct story *s = &self->story;

	story_medium(s, ON_RAW);
	begin_tracking(self);
	if (s->place != PLACE_PRIVATE) {	/* docs/findings.md, private-mirror-fault */
		set_rule(RULE_LEGAL_CALLS_WORK);
		expect_result("a load by the device", device_read(&s->device, s->buffer.addr, 1),
			      0);
		expect_written(s, "mask of written pages after the device's load", 0);
	}
	expect_owner_sees(s, 1, BY_OWNER);
	expect_written(s, "mask of written pages after the CPU's load", 0);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("an O_DIRECT write", errno_of(pwrite(s->medium.fd, buffer_page(&s->buffer, 2),
							   features.page_size, 0)),
		      features.page_size);
	expect_written(s, "mask of written pages after an O_DIRECT write", 0);
}

SCENARIO(trackers, written_by_device, "a store by the device makes its page written")
{
	struct story *s = &self->story;

	begin_tracking(self);
	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("a store by the device",
		      device_write(&s->device, buffer_page(&s->buffer, 1), 1), 0);
	expect_written(s, "mask of written pages after the device's store", BIT(1));
	expect_written(s, "mask of written pages after nothing", 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(trackers, written_directly, "an O_DIRECT read makes its pages written")
{
	struct story *s = &self->story;

	story_medium(s, ON_RAW);
	begin_tracking(self);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("an O_DIRECT read", errno_of(pread(s->medium.fd, buffer_page(&s->buffer, 1),
							 2 * features.page_size,
							 features.page_size)),
		      2 * features.page_size);
	expect_written(s, "mask of written pages after an O_DIRECT read", BIT(1) | BIT(2));
	set_rule(RULE_BYTES_ARRIVE);
	expect_owner_sees(s, 1, BY_MEDIUM);
}

SCENARIO(trackers, migrated, "migration back and to the device makes no page written")
{
	struct story *s = &self->story;

	begin_tracking(self);
	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_at(s, 0, PLACE_SYSTEM);
	expect_written(s, "mask of written pages after migration back", 0);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, s->place);
	expect_written(s, "mask of written pages after migration to the device", 0);
	story_write(s, 2);
	expect_written(s, "mask of written pages after a store to page 2", BIT(2));
}

SCENARIO(trackers, protected, "mprotect() to read-only and back makes no page written")
{
	struct story *s = &self->story;

	begin_tracking(self);
	story_protect(s, 0, PAGES, PROT_READ);
	expect_written(s, "mask of written pages while they are read-only", 0);
	story_protect(s, 0, PAGES, PROT_READ | PROT_WRITE);
	expect_written(s, "mask of written pages when they are writable again", 0);
	story_write(s, 0);
	expect_written(s, "mask of written pages after a store to page 0", BIT(0));
}

SCENARIO(trackers, forked,
	 "fork() and a child's store make no page of the parent written; the parent's store, which "
	 "makes a copy, does")
{
	struct story *s = &self->story;

	begin_tracking(self);
	child_fork(&s->child);
	expect_written(s, "mask of written pages after fork()", 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("the child's store", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_written(s, "mask of written pages after the child's store", 0);
	story_write(s, 1);
	expect_written(s, "mask of written pages after the parent's store", BIT(1));
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(trackers, refused,
	 "PM_SCAN_CHECK_WPASYNC fails with EPERM for memory without asynchronous write protection, "
	 "and protects nothing")
{
	struct story *s = &self->story;

	set_rule(RULE_SCAN_FINDS_WRITES);
	expect_result("PAGEMAP_SCAN of memory that no userfaultfd tracks",
		      scan(s, PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC), -EPERM);
	expect_same(!page_at(0, s->buffer.addr).uffd_wp, "protection", "off", "on");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_mapped(s, 0, PERM_RW);
}

static void expect_dirty(pid_t pid, struct story *s, size_t page, bool dirty, const char *whose)
{
	set_rule(RULE_WRITES_ARE_TRACKED);
	expect_same(page_at(pid, buffer_page(&s->buffer, page)).soft_dirty == dirty, whose,
		    dirty ? "soft-dirty" : "clean", dirty ? "clean" : "soft-dirty");
}

SCENARIO(trackers, soft_dirty_forked,
	 "after fork(), a store of the child makes only the child's page soft-dirty, and a store "
	 "of "
	 "the parent only the parent's")
{
	struct story *s = &self->story;
	int error = write_text("/proc/self/clear_refs", "4");

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	if (error)
		syscall_failed("/proc/self/clear_refs", -error);
	child_fork(&s->child);
	expect_dirty(0, s, 0, false, "the parent's page after fork()");
	set_rule(RULE_SHARED_IS_COPIED);
	expect_result("the child's store", child_write(&s->child, &s->buffer, 0, 1, BY_CHILD),
		      features.page_size);
	expect_dirty(s->child.pid, s, 0, true, "the child's page after its store");
	expect_dirty(0, s, 0, false, "the parent's page after the child's store");
	story_write(s, 1);
	expect_dirty(0, s, 1, true, "the parent's page after its store");
	expect_dirty(0, s, 2, false, "a page that was not written");
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 2);
}

/*
 * A private device may take the huge page as one or split it. Its soft-dirty
 * bit is cleared before that: clear_refs skips huge private entries.
 */
SCENARIO(trackers, huge_moved,
	 "all pages of a huge page are soft-dirty after mremap(), in memory and on a private "
	 "device")
{
	struct huge_range *huge = &self->huge;
	struct device device;
	unsigned char *to, *map;
	size_t i, clean = 0;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	huge_range_begin(huge, &self->story.device);
	map = map_memory(2 * huge->size, PROT_NONE);
	to = (unsigned char *)(((uintptr_t)map + huge->size - 1) & ~(huge->size - 1));
	if (write_text("/proc/self/clear_refs", "4"))
		not_prepared("/proc/self/clear_refs cannot be written");
	if (self->story.place == PLACE_PRIVATE) {
		device_open(&device, PLACE_PRIVATE, huge->pages);
		device_move_to(&device, huge->addr, huge->pages);
		set_rule(RULE_ENTRY);
		/* Not by pagemap: the device may have added a chunk for it. */
		expect_place(0, device_snapshot(&device, huge->addr).at, PLACE_PRIVATE);
	}
	set_rule(RULE_MOVES_WITH_ADDRESS);
	move_memory(huge->addr, huge->size, to);
	for (i = 0; i < huge->pages; i++)
		clean += !page_at(0, page_in(to, i)).soft_dirty;
	expect_result("moved pages that are not soft-dirty, in per cent",
		      per_cent(clean, huge->pages), 0);
	unmap_memory(map, 2 * huge->size);
	if (self->story.place == PLACE_PRIVATE)
		device_close(&device);
}

/* The entry of a frame in a file of /proc, which has one number for each; 0 behind its end. */
static uint64_t of_frame(const char *path, unsigned long pfn)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t value = 0;

	if (fd < 0)
		syscall_failed(path, errno);
	if (pread(fd, &value, sizeof(value), (off_t)pfn * sizeof(value)) < 0)
		syscall_failed(path, errno);
	close(fd);
	return value;
}

/* ZONE_DEVICE has no entry there: pfn_to_online_page() knows only memory. */
static void expect_frame(struct story *s, const char *when, long mappings)
{
	const unsigned long pfn = page_at(0, s->buffer.addr).pfn;
	const bool memory = in_memory(page_at(0, s->buffer.addr).at);
	const uint64_t mapped = of_frame("/proc/kpageflags", pfn) & (KPF_MMAP | BIT(KPF_ANON));

	set_rule(RULE_FRAMES_OF_MEMORY);
	expect_result(when, of_frame("/proc/kpagecount", pfn), memory ? mappings : 0);
	expect_same(mapped == (memory ? KPF_MMAP | BIT(KPF_ANON) : 0),
		    "flags of the frame in kpageflags", memory ? "mapped, anonymous" : "none",
		    mapped ? "mapped or anonymous" : "none");
}

SCENARIO(trackers, frames_counted,
	 "kpagecount and kpageflags have the mappings of a frame of memory and nothing of a "
	 "device's; after migration back the page is there")
{
	struct story *s = &self->story;

	expect_frame(s, "kpagecount of a page that is mapped once", 1);
	child_fork(&s->child);
	expect_frame(s, "kpagecount with a child", 2);
	child_leave(&s->child);
	expect_frame(s, "kpagecount without the child", 1);
	story_migrate_back(s);
	expect_frame(s, "kpagecount after migration back", 1);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_trackers", argc, argv);
}
