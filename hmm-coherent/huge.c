// SPDX-License-Identifier: GPL-2.0
/*
 * Huge pages and a coherent device: what becomes of one that is migrated, whole or in part, who makes huge pages again, and hugetlb
 *
 * The device's pages are small. A huge page has to be split for them without losing a byte of what stays, and nobody may collect small
 * pages into a huge one while some of them are on a device.
 */
#include "harness.h"

#include <sys/mman.h>

#include "kernel.h"
#include "kmsg.h"
#include "story.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"
#define COLLAPSE_S 15

/* Linux 6.1 has it; the C library may not. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

FIXTURE(huge)
{
	struct story story;
	struct device device;	/* a second file of the same device, for more pages at once */
	unsigned char *map, *addr, *control;	/* @addr and @control are huge ranges inside of @map */
	size_t size, pages;
	long scans;
};

FIXTURE_VARIANT(huge)
{
	bool read_only;
};

FIXTURE_VARIANT_ADD(huge, coherent_rw) { .read_only = false };
FIXTURE_VARIANT_ADD(huge, coherent_ro) { .read_only = true };

static long number_in(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = -1;

	if (file && fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

static void write_number(const char *path, long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", number);
	if (write_text(path, text))
		broken("%s cannot be written", path);
}

FIXTURE_SETUP(huge)
{
	long size = number_in(THP "hpage_pmd_size");

	need(size > 0, "this kernel has no transparent huge pages: it takes CONFIG_TRANSPARENT_HUGEPAGE");
	self->size = size;
	self->pages = size / features.page_size;
	story_begin(&self->story, COHERENT, variant->read_only, 1);
	device_open(&self->device, COHERENT, self->pages);
	self->map = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (self->map == MAP_FAILED)
		broken("mmap: %s", strerror(errno));
	self->addr = (unsigned char *)(((uintptr_t)self->map + size - 1) & ~(size - 1));
	self->control = self->addr + size;
}

FIXTURE_TEARDOWN(huge)
{
	story_end(&self->story);
	munmap(self->map, 3 * self->size);
	device_close(&self->device);
}

static unsigned char *page_in(FIXTURE_DATA(huge) (*self), unsigned char *range, size_t page)
{
	(void)self;
	return range + page * features.page_size;
}

/* Write all of a huge range by the CPU, in the hand of BY_OWNER, as one huge page or as small ones. */
static void fill(FIXTURE_DATA(huge) (*self), unsigned char *range, bool as_huge)
{
	size_t i;

	if (madvise(range, self->size, as_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		broken("madvise: %s", strerror(errno));
	for (i = 0; i < self->pages; i++)
		write_page(page_in(self, range, i), self->story.buffer.serial, i, BY_OWNER);
	if (device_snapshot(&self->device, range).huge != as_huge)
		broken("the range is %s", as_huge ? "not one huge page: is " THP "enabled never?" : "one huge page");
	if (self->story.read_only && mprotect(range, self->size, PROT_READ))
		broken("mprotect: %s", strerror(errno));
}

static bool in_memory(enum place at)
{
	return at == SYSTEM || at == MOVABLE;
}

/* Pages [first, first + count) are on the device, all others in memory; each is mapped by itself, as before, with its bytes. */
static void expect_on_device(FIXTURE_DATA(huge) (*self), size_t first, size_t count)
{
	enum permission mapped = self->story.read_only ? READ_ONLY : READ_WRITE;
	size_t i, misplaced = 0, mapped_wrong = 0, lost = 0;

	for (i = 0; i < self->pages; i++) {
		unsigned char *addr = page_in(self, self->addr, i);
		enum place at = page_at(0, addr).at;

		misplaced += i >= first && i < first + count ? at != COHERENT : !in_memory(at);
		lost += read_page(addr, self->story.buffer.serial, i, BY_OWNER, BY_OTHER) != OLD;
	}
	for (i = 0; i < self->pages; i += 37)
		mapped_wrong += device_snapshot(&self->device, page_in(self, self->addr, i)).permission != mapped;
	expect_result("pages in the wrong place", misplaced, 0);
	expect_result("pages with another permission than before", mapped_wrong, 0);
	expect_result("pages with other bytes than before", lost, 0);
}

static void move_to_device(FIXTURE_DATA(huge) (*self), size_t first, size_t count)
{
	device_migrate_to(&self->device, page_in(self, self->addr, first), count);
}

/* How often the kernel complained since the log was opened as @log. */
static int complaints(int log)
{
	char text[1024];
	int count = 0, got;

	while ((got = kmsg_next(log, text, sizeof(text))) != 0)
		count += got > 0 && kmsg_is_splat(text);
	close(log);
	return count;
}

SCENARIO(huge, whole, "a huge page goes to the device as small ones, all of it, and comes back as small ones, without a word from the kernel")
{
	int log = kmsg_open();

	/* Known of one kernel, where it is counted below. */
	report_allow("memremap");
	fill(self, self->addr, true);
	move_to_device(self, 0, self->pages);
	holds(RULE_HUGE_IS_SPLIT);
	expect_on_device(self, 0, self->pages);
	expect(!device_snapshot(&self->device, self->addr).huge, "the range is still mapped as one");
	device_migrate_back(&self->device, self->addr, self->pages);
	holds(RULE_BACK);
	expect_on_device(self, 0, 0);
	holds(RULE_HUGE_IS_SPLIT);
	expect_result("complaints of the kernel", complaints(log), 0);
}

SCENARIO(huge, part, "some pages out of a huge one go to the device; the rest of it stays in memory with its bytes")
{
	fill(self, self->addr, true);
	move_to_device(self, 100, 5);
	holds(RULE_HUGE_IS_SPLIT);
	expect_on_device(self, 100, 5);
	move_to_device(self, 0, 1);
	move_to_device(self, self->pages - 1, 1);
	expect(page_at(0, self->addr).at == COHERENT, "the first page is not on the device");
	expect(page_at(0, page_in(self, self->addr, self->pages - 1)).at == COHERENT, "the last page is not on the device");
	device_migrate_back(&self->device, self->addr, self->pages);
	holds(RULE_BACK);
	expect_on_device(self, 0, 0);
}

/* MADV_COLLAPSE and khugepaged look at the same things (hpage_collapse_scan_pmd()). */
SCENARIO(huge, collapse, "MADV_COLLAPSE refuses a range of which one page is on the device, and takes it once that is back")
{
	fill(self, self->addr, false);
	if (self->story.read_only)
		mprotect(self->addr, self->size, PROT_READ | PROT_WRITE);
	self->story.read_only = false;
	madvise(self->addr, self->size, MADV_HUGEPAGE);
	move_to_device(self, 7, 1);
	holds(RULE_NOT_COLLAPSED);
	expect_result("MADV_COLLAPSE", madvise(self->addr, self->size, MADV_COLLAPSE) ? -errno : 0, -EINVAL);
	expect_on_device(self, 7, 1);
	device_migrate_back(&self->device, page_in(self, self->addr, 7), 1);
	expect_result("MADV_COLLAPSE", madvise(self->addr, self->size, MADV_COLLAPSE) ? -errno : 0, 0);
	expect(device_snapshot(&self->device, self->addr).huge, "the range is not one huge page");
	expect_on_device(self, 0, 0);
}

static bool is_collapsed(void *self)
{
	FIXTURE_DATA(huge) (*mine) = self;

	return device_snapshot(&mine->device, mine->control).huge;
}

static bool has_scanned(void *self)
{
	FIXTURE_DATA(huge) (*mine) = self;

	return number_in(THP "khugepaged/full_scans") >= mine->scans;
}

SCENARIO(huge, khugepaged, "khugepaged leaves a range with a page on the device alone, and makes a huge page of the one next to it")
{
	const char *settings[] = { THP "khugepaged/scan_sleep_millisecs", THP "khugepaged/pages_to_scan" };
	long before[] = { number_in(settings[0]), number_in(settings[1]) };
	bool collapsed, scanned;

	fill(self, self->addr, false);
	fill(self, self->control, false);
	if (self->story.read_only)
		mprotect(self->addr, 2 * self->size, PROT_READ | PROT_WRITE);
	self->story.read_only = false;
	move_to_device(self, 7, 1);
	madvise(self->addr, 2 * self->size, MADV_HUGEPAGE);
	write_number(settings[0], 1);
	write_number(settings[1], 16 * self->pages);
	collapsed = wait_until(is_collapsed, self, COLLAPSE_S);
	self->scans = number_in(THP "khugepaged/full_scans") + 2;
	scanned = wait_until(has_scanned, self, COLLAPSE_S);
	write_number(settings[0], before[0]);
	write_number(settings[1], before[1]);
	if (!collapsed || !scanned)
		broken("khugepaged does not collapse a range of memory within %d s", COLLAPSE_S);
	holds(RULE_NOT_COLLAPSED);
	expect(!device_snapshot(&self->device, self->addr).huge, "khugepaged collapsed a range with a page on the device");
	expect_on_device(self, 7, 1);
}

#define HUGETLB "/proc/sys/vm/nr_hugepages"

SCENARIO(huge, hugetlb, "hugetlb memory does not go to the device: EINVAL, and it keeps its page and its bytes")
{
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	struct story *s = &self->story;
	long before = number_in(HUGETLB), reserved;
	unsigned long frame, after;
	unsigned char *huge;
	long result;
	enum data bytes;

	need(before >= 0, "this kernel has no hugetlb: it takes CONFIG_HUGETLBFS");
	write_number(HUGETLB, before + 1);
	reserved = number_in(HUGETLB);
	huge = reserved > before ? mmap(NULL, self->size, prot, flags, -1, 0) : MAP_FAILED;
	if (huge == MAP_FAILED)
		broken("there is no page for hugetlb");
	write_page(huge, s->buffer.serial, 0, BY_OWNER);
	if (s->read_only)
		mprotect(huge, self->size, PROT_READ);
	frame = page_at(0, huge).pfn;
	result = device_migrate_to(&self->device, huge, 1);
	after = page_at(0, huge).pfn;
	bytes = read_page(huge, s->buffer.serial, 0, BY_OWNER, BY_OTHER);
	munmap(huge, self->size);
	write_number(HUGETLB, before);
	holds(RULE_HUGETLB_REFUSED);
	expect_result("migration", result, -EINVAL);
	expect(after == frame, "hugetlb memory moved from frame 0x%lx to 0x%lx", frame, after);
	expect(bytes == OLD, "hugetlb memory has other bytes");
	holds(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_huge", argc, argv);
}
