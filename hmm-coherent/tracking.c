// SPDX-License-Identifier: GPL-2.0
/*
 * What watches pages: userfaultfd, soft-dirty, the accessed bit, smaps, pagemap
 * and its scan; and pages that were never there
 *
 * Checkpointing, live migration and garbage collectors take what these say as
 * the truth. A page that goes to a device and comes back must be seen as what
 * it is: present, anonymous, written or not, protected or not.
 */
#include "suite/harness.h"

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 3

/* linux/fs.h has it from 6.7 on; what tests are built with may be older than what they run on. */
#ifndef PAGEMAP_SCAN
struct page_region {
	__u64 start;
	__u64 end;
	__u64 categories;
};
struct pm_scan_arg {
	__u64 size;
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end;
	__u64 vec;
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};
#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_FILE (1 << 2)
#define PAGE_IS_PRESENT (1 << 3)
#define PAGE_IS_SWAPPED (1 << 4)
#define PAGE_IS_PFNZERO (1 << 5)
#define PAGE_IS_HUGE (1 << 6)
#endif

/* linux/userfaultfd.h has it from 6.8 on. */
#ifndef UFFDIO_MOVE
struct uffdio_move {
	__u64 dst;
	__u64 src;
	__u64 len;
	__u64 mode;
	__s64 move;
};
#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFD_FEATURE_MOVE (1 << 16)
#endif

FIXTURE(tracking)
{
	struct story story;
	int uffd;
};

FIXTURE_VARIANT(tracking)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(tracking, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(tracking, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };

/* Whatever its features. */
static bool has_userfaultfd(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOSYS;
}

static bool can_move(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_MOVE };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	bool can = fd >= 0 && !ioctl(fd, UFFDIO_API, &api);

	if (fd >= 0)
		close(fd);
	return can;
}

WHY_NOT(tracking)
{
	int fd, error;

	if (!strcmp(test, "uffd_move"))
		return can_move() || (has_userfaultfd() && kernel_has(CHANGE_UFFD_MOVE)) ?
			       NULL :
			       "this kernel has no UFFDIO_MOVE (6.8)";
	if (strcmp(test, "pagemap_scan"))
		return NULL;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	error = ioctl(fd, PAGEMAP_SCAN, NULL) ? errno : 0;
	close(fd);
	return error == ENOTTY && !kernel_has(CHANGE_SCAN_OF_PAGEMAP) ?
		       "this kernel has no PAGEMAP_SCAN (6.7)" :
		       NULL;
}

FIXTURE_SETUP(tracking)
{
	self->uffd = -1;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(tracking)
{
	if (self->uffd >= 0)
		close(self->uffd);
	story_end(&self->story);
}

static enum permission as_mapped(const struct story *s)
{
	return s->read_only ? PERM_RO : PERM_RW;
}

/*
 * A userfaultfd that watches @pages pages at @addr in @mode. Nobody answers:
 * what it stops gets SIGBUS.
 */
static int watch(void *addr, size_t pages, __u64 mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
	struct uffdio_register reg = { .range = { (uintptr_t)addr, pages * features.page_size },
				       .mode = mode };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (mode & UFFDIO_REGISTER_MODE_WP)
		api.features |= UFFD_FEATURE_PAGEFAULT_FLAG_WP;
	else if (can_move())
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

static struct page page_of(struct story *s, size_t page)
{
	return page_at(0, buffer_page(&s->buffer, page));
}

static void expect_protected(struct story *s, enum place place)
{
	expect_at(s, 0, place);
	expect(page_of(s, 0).uffd_wp, "page 0 has lost its protection by userfaultfd");
	expect_mapped(s, 0, PERM_RO);
	expect_result("a write", cpu_write(&s->buffer, 0, 1, BY_OTHER),
		      s->read_only ? KILLED_BY(SIGSEGV) : KILLED_BY(SIGBUS));
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(tracking, uffd_wp_travels,
	 "protection by userfaultfd goes to the device and back with the page, and a write after "
	 "its end is in place")
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
 * A snapshot of a virtual machine misses a write to a page that was empty until
 * then, when the zero page's protection gets lost.
 */
SCENARIO(tracking, uffd_wp_zero_page,
	 "the zero page that userfaultfd protects stays protected, or is protected on the device")
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
	 "a page that is missing for userfaultfd's monitor to fill is not filled by migration")
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
	struct uffdio_move move = { .dst = (uintptr_t)to,
				    .src = (uintptr_t)from,
				    .len = features.page_size };

	return ioctl(uffd, UFFDIO_MOVE, &move) ? -errno : 0;
}

/*
 * What garbage collectors compact with. The long-term pin at the end finds the
 * page by its new address, or not at all.
 */
SCENARIO(tracking, uffd_move,
	 "UFFDIO_MOVE gives a page on the device another address and leaves it there; a shared "
	 "one is refused")
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

/* Forget all writes so far, of this process. */
static void forget_writes(void)
{
	int error = write_text("/proc/self/clear_refs", "4");

	if (error)
		syscall_failed("/proc/self/clear_refs", -error);
}

static void expect_soft_dirty(struct story *s, size_t page, bool dirty)
{
	expect_same(page_of(s, page).soft_dirty == dirty,
		    "written, as pagemap's soft-dirty bit says", dirty ? "yes" : "no",
		    dirty ? "no" : "yes");
}

SCENARIO(tracking, soft_dirty_clean,
	 "a page that nobody wrote is not soft-dirty after migration to the device and back")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	story_migrate_back(s);
	forget_writes();
	set_rule(RULE_MARKS_TRAVEL);
	expect_soft_dirty(s, 0, false);
	story_migrate_to_device(s);
	expect_at(s, 0, PLACE_COHERENT);
	expect_soft_dirty(s, 0, false);
	story_migrate_back(s);
	expect_soft_dirty(s, 0, false);
	expect_owner_sees(s, 0, BY_OWNER);
}

SCENARIO(tracking, soft_dirty_written,
	 "a write on the device makes the page soft-dirty, and it stays so on the way back and "
	 "there again")
{
	struct story *s = &self->story;

	need(features.soft_dirty, SKIP_NO_SOFT_DIRTY);
	story_make_writable(s);
	forget_writes();
	set_rule(RULE_MARKS_TRAVEL);
	expect_soft_dirty(s, 0, false);
	story_write(s, 0);
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect_stays(s, 0);
	set_rule(RULE_MARKS_TRAVEL);
	expect_soft_dirty(s, 0, true);
	expect_soft_dirty(s, 1, false);
	device_move_back(&s->device, s->buffer.addr, 1);
	expect_soft_dirty(s, 0, true);
	device_move_to(&s->device, s->buffer.addr, 1);
	expect_at(s, 0, PLACE_COHERENT);
	expect_soft_dirty(s, 0, true);
	expect_soft_dirty(s, 1, false);
}

/* A line of the buffer's entry in /proc/self/smaps, in pages, or -ENOENT. */
static long smaps(struct story *s, const char *key)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[256], start[32];
	long value = -ENOENT;
	bool here = false;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)s->buffer.addr);
	while (file && value < 0 && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, start, strlen(start)))
			here = true;
		else if (here && !strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			value = strtol(line + strlen(key) + 1, NULL, 10) * 1024 /
				(long)features.page_size;
	}
	if (file)
		fclose(file);
	return value;
}

SCENARIO(tracking, smaps_counts,
	 "smaps counts a page on the device as resident, anonymous and dirty memory of the "
	 "process, shared or not")
{
	struct story *s = &self->story;

	set_rule(RULE_COUNTED_AS_MEMORY);
	expect_result("Rss", smaps(s, "Rss"), PAGES);
	expect_result("Pss", smaps(s, "Pss"), PAGES);
	expect_result("Anonymous", smaps(s, "Anonymous"), PAGES);
	expect_result("Private_Dirty", smaps(s, "Private_Dirty"), PAGES);
	expect_result("Swap", smaps(s, "Swap"), 0);
	child_fork(&s->child);
	expect_result("Rss with a child", smaps(s, "Rss"), PAGES);
	expect_result("Shared_Dirty with a child", smaps(s, "Shared_Dirty"), PAGES);
	expect_result("Private_Dirty with a child", smaps(s, "Private_Dirty"), 0);
	child_leave(&s->child);
	expect_result("Private_Dirty without one", smaps(s, "Private_Dirty"), PAGES);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(tracking, accessed,
	 "the accessed bit of a page on the device is cleared by clear_refs and set by the next "
	 "access")
{
	struct story *s = &self->story;

	set_rule(RULE_COUNTED_AS_MEMORY);
	expect_result("clear_refs", write_text("/proc/self/clear_refs", "1"), 0);
	expect_result("Referenced after that", smaps(s, "Referenced"), 0);
	expect_result("a read", cpu_read(&s->buffer, 1, 1, NULL), features.page_size);
	expect_result("Referenced after a read", smaps(s, "Referenced"), 1);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 1);
}

SCENARIO(tracking, pagemap_scan,
	 "PAGEMAP_SCAN finds a page on the device present and nothing else, in one region with "
	 "its neighbours")
{
	struct story *s = &self->story;
	const __u64 all = PAGE_IS_FILE | PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO |
			  PAGE_IS_HUGE;
	struct page_region regions[PAGES + 1] = { 0 };
	struct pm_scan_arg scan = { .size = sizeof(scan),
				    .start = (uintptr_t)s->buffer.addr,
				    .end = (uintptr_t)s->buffer.addr + s->buffer.size,
				    .vec = (uintptr_t)regions,
				    .vec_len = PAGES + 1,
				    .category_anyof_mask = all,
				    .return_mask = all };
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), found;

	/* One of them in memory, so that both kinds have to look the same. */
	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	found = ioctl(fd, PAGEMAP_SCAN, &scan);
	close(fd);
	set_rule(RULE_COUNTED_AS_MEMORY);
	expect_result("regions", found < 0 ? -errno : found, 1);
	expect_result("pages in the region",
		      (regions[0].end - regions[0].start) / features.page_size, PAGES);
	expect_result("its categories", regions[0].categories, PAGE_IS_PRESENT);
}

/*
 * Two pages that were never written, at @addr, have gone to the device: empty
 * pages of the process's own.
 */
static void expect_empty_pages(struct story *s, unsigned char *addr)
{
	unsigned char *second = addr + features.page_size;
	const int prot = PROT_READ | PROT_WRITE;
	enum permission mapped = device_snapshot(&s->device, addr).permission;
	struct page before = page_at(0, second);

	set_rule(RULE_ENTRY);
	expect(page_at(0, addr).at == PLACE_COHERENT && before.at == PLACE_COHERENT,
	       "they are %s and %s, not on the device", place_name(page_at(0, addr).at),
	       place_name(before.at));
	expect(page_at(0, addr).pfn != before.pfn, "both are the same page frame");
	expect_same(mapped == as_mapped(s), "permission", permission_name(as_mapped(s)),
		    permission_name(mapped));
	set_rule(RULE_NO_LEAK);
	expect_zeros(addr, "the first empty page");
	expect_zeros(second, "the second empty page");
	if (s->read_only)
		protect_memory(addr, 2 * features.page_size, prot);
	write_page(second, s->buffer.serial, 1, BY_OWNER_AGAIN);
	expect_zeros(addr, "the first empty page after a write to the second");
	set_rule(RULE_EXCLUSIVE_IS_REUSED);
	expect(page_at(0, second).pfn == before.pfn,
	       "the write moved the page from frame 0x%lx to 0x%lx", before.pfn,
	       page_at(0, second).pfn);
}

/* Where the device's next pages were somebody's: the driver hands out first what came back last. */
/*
 * Two pages on their own, so that their anon_vma is nobody else's, and two
 * frames of the story free for them.
 */
static unsigned char *map_two(struct story *s)
{
	unsigned char *addr = map_memory(4 * features.page_size, PROT_NONE);

	addr += features.page_size;
	protect_memory(addr, 2 * features.page_size, PROT_READ | (s->read_only ? 0 : PROT_WRITE));
	unmap_memory(buffer_page(&s->buffer, 1), 2 * features.page_size);
	return addr;
}

SCENARIO(tracking, zero_page,
	 "the zero page is not migrated: who had it mapped gets an empty page on the device, for "
	 "itself")
{
	struct story *s = &self->story;
	unsigned char *addr = map_two(s);

	set_rule(RULE_HOLE_IS_FILLED);
	expect_result("a read of empty pages",
		      cpu_read(&(struct buffer){ .addr = addr }, 0, 2, NULL),
		      2 * features.page_size);
	must(page_at(0, addr).pfn == page_at(0, addr + features.page_size).pfn,
	     "pages that were only read do not share the zero page");
	set_rule(RULE_ENTRY);
	expect_result("migration", device_migrate_to(&s->device, addr, 2), 0);
	expect_empty_pages(s, addr);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

SCENARIO(tracking, empty_range,
	 "memory that was never touched goes to the device as empty pages, none with the bytes of "
	 "who had them before")
{
	struct story *s = &self->story;
	unsigned char *addr = map_two(s);

	set_rule(RULE_HOLE_IS_FILLED);
	must(page_at(0, addr).at == PLACE_NOWHERE,
	     "a mapping that was never touched has a page: it is %s",
	     place_name(page_at(0, addr).at));
	set_rule(RULE_ENTRY);
	expect_result("migration", device_migrate_to(&s->device, addr, 2), 0);
	expect_empty_pages(s, addr);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

/*
 * rmap has to lead from the frames to this mapping, and not to the one that had
 * them before: __page_set_anon_rmap() of 6.1 trusts what it finds. A long-term
 * pin asks rmap alone. Migration of the range would leave its own entries
 * behind where rmap does not find them again.
 */
SCENARIO(tracking, empty_range_rmap,
	 "an empty page on a frame that another mapping had is found where it is mapped now: a "
	 "long-term pin moves it")
{
	const struct pin_kind longterm = { .pin = true, .longterm = true };
	struct story *s = &self->story;
	unsigned char *addr;
	size_t i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	addr = map_two(s);
	device_move_to(&s->device, addr, 2);
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	for (i = 0; i < 2; i++) {
		unsigned char *page = addr + i * features.page_size;

		set_rule(RULE_ENTRY);
		must(page_at(0, page).at == PLACE_COHERENT,
		     "empty page %zu did not go to the device: it is %s", i,
		     place_name(page_at(0, page).at));
		set_rule(RULE_LONGTERM_LEAVES_DEVICE);
		expect_result("bytes pinned of an empty page", pin_pages(longterm, page, 1),
			      features.page_size);
		expect(in_memory(page_at(0, page).at), "empty page %zu is %s under a long-term pin",
		       i, place_name(page_at(0, page).at));
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_tracking", argc, argv);
}
