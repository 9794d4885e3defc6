// SPDX-License-Identifier: GPL-2.0
/*
 * hugetlb memory together with pages on a device: madvise(), memory policy,
 * accounting, GUP and exclusive access
 *
 * Each of these calls has special code for hugetlb. In all cases, the small
 * pages of the same process must stay where they are.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <numaif.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "see/counters.h"
#include "story/nodes.h"

#include "hugetlb.h"

#define PAGES 2
#define MAPPED 2	/* number of huge pages of the mapping */
#define FREE 2		/* number of free huge pages, for copies and for a child */

FIXTURE(hugetlb)
{
	struct story story;
	unsigned char *map;	/* private, all pages written in the pattern of BY_OWNER */
	size_t size;		/* of a huge page, in bytes */
	unsigned long frames[MAPPED];
};

FIXTURE_VARIANT(hugetlb)
{
	enum place place;	/* place of the small pages */
	bool read_only;		/* are the huge pages read-only? */
};

FIXTURE_VARIANT_ADD(hugetlb, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(hugetlb, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(hugetlb, system_rw) { .place = PLACE_SYSTEM };

static unsigned char *huge_at(FIXTURE_DATA(hugetlb) (*self), size_t page)
{
	return self->map + page * self->size;
}

FIXTURE_SETUP(hugetlb)
{
	size_t i;

	self->size = hugetlb_size();
	hugetlb_reserve(MAPPED + FREE);
	story_begin(&self->story, variant->place, false, PAGES);
	self->map = mmap(NULL, MAPPED * self->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (self->map == MAP_FAILED)
		syscall_failed("mmap of hugetlb memory", errno);
	for (i = 0; i < MAPPED; i++) {
		write_page(huge_at(self, i), self->story.buffer.serial, i, BY_OWNER);
		self->frames[i] = page_at(0, huge_at(self, i)).pfn;
	}
	if (variant->read_only)
		protect_memory(self->map, MAPPED * self->size, PROT_READ);
}

FIXTURE_TEARDOWN(hugetlb)
{
	unmap_memory(self->map, MAPPED * self->size);
	story_end(&self->story);
}

/* Check that huge page @page has its frame and @writer's pattern. */
static void expect_kept(FIXTURE_DATA(hugetlb) (*self), size_t page, enum writer writer)
{
	const unsigned long frame = page_at(0, huge_at(self, page)).pfn;

	expect(frame == self->frames[page], "huge page %zu has frame 0x%lx, not 0x%lx", page,
	       frame, self->frames[page]);
	expect_bytes(huge_at(self, page), self->story.buffer.serial, page, writer,
		     "bytes of the huge page");
}

static void expect_small_pages_stay(struct story *s)
{
	size_t i;

	set_rule(RULE_NOTHING_ELSE_CHANGES);
	for (i = 0; i < PAGES; i++) {
		expect_stays(s, i);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

/* Number of faults of the driver until it can read the page at @addr, or -errno. */
static long faults_of_read(struct story *s, unsigned char *addr)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)s->device.bounce,
		.npages = 1,
	};

	return ioctl(device_file(&s->device), HMM_DMIRROR_READ, &cmd) ? -errno : (long)cmd.faults;
}

SCENARIO(hugetlb, dontneed_part,
	 "MADV_DONTNEED of less than a huge page of hugetlb does nothing: the page and its entry "
	 "in the device's mirror stay")
{
	struct story *s = &self->story;
	const size_t part = features.page_size;

	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("faults of the device's first read", faults_of_read(s, self->map), 1);
	expect_bytes(s->device.bounce, s->buffer.serial, 0, BY_OWNER,
		     "bytes that the device reads");
	expect_result("faults of a read of the same page", faults_of_read(s, self->map), 0);
	set_rule(RULE_HUGETLB_WHOLE_PAGES);
	expect_result("MADV_DONTNEED of one small page",
		      errno_of(madvise(self->map, part, MADV_DONTNEED)), 0);
	expect_result("faults of a read after it", faults_of_read(s, self->map), 0);
	expect_kept(self, 0, BY_OWNER);
	expect_result("MADV_DONTNEED of all but one small page",
		      errno_of(madvise(self->map, self->size - part, MADV_DONTNEED)), 0);
	expect_kept(self, 0, BY_OWNER);
	expect_kept(self, 1, BY_OWNER);
	expect_result("MADV_DONTNEED of a part that does not begin at a huge page",
		      errno_of(madvise(self->map + part, self->size, MADV_DONTNEED)), -EINVAL);
	expect_kept(self, 0, BY_OWNER);
	expect_kept(self, 1, BY_OWNER);
	expect_small_pages_stay(s);
}

SCENARIO(hugetlb, dontneed_whole,
	 "MADV_DONTNEED of a huge page of hugetlb and a part of the next one frees the first, "
	 "which is zero afterwards, and keeps the next")
{
	struct story *s = &self->story;

	set_rule(RULE_HUGETLB_WHOLE_PAGES);
	expect_result("MADV_DONTNEED of one and a half huge pages",
		      errno_of(madvise(self->map, self->size + self->size / 2, MADV_DONTNEED)),
		      0);
	expect(page_at(0, self->map).at == PLACE_NOWHERE, "the first huge page is %s",
	       place_name(page_at(0, self->map).at));
	expect_kept(self, 1, BY_OWNER);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_zeros(self->map, "bytes of the huge page that was freed");
	expect_small_pages_stay(s);
}

static struct device mirror;	/* the mirror of the child */
static unsigned char *own_huge;	/* hugetlb memory that only the child maps */

static long child_has(const struct buffer *buffer, long size)
{
	device_open(&mirror, PLACE_REMOTE, 1);
	own_huge = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (own_huge == MAP_FAILED)
		return -errno;
	write_page(own_huge, buffer->serial, 0, BY_CHILD);
	return (long)page_at(0, own_huge).pfn;
}

static long child_takes(const struct buffer *buffer, long offset)
{
	(void)buffer;
	return device_command(&mirror, HMM_DMIRROR_EXCLUSIVE, own_huge + offset, 1);
}

static long child_frame(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	return (long)page_at(0, own_huge).pfn;
}

static long child_bytes(const struct buffer *buffer, long arg)
{
	(void)arg;
	return read_page(own_huge, buffer->serial, 0, BY_CHILD, BY_OTHER);
}

/*
 * Use a child, which a kernel with the bug kills or lets hang, and a mirror of
 * the device that has no pages.
 */
SCENARIO(hugetlb, exclusive,
	 "exclusive access by a device to hugetlb memory fails, at the beginning of a huge page "
	 "and inside of it, and the page stays mapped")
{
	struct story *s = &self->story;
	const long offsets[] = { 0, (long)features.page_size };
	long frame, result;
	size_t i;

	child_fork(&s->child);
	frame = child_call(&s->child, &s->buffer, child_has, (long)self->size);
	must(frame > 0, "the child's hugetlb memory is not mapped: %ld", frame);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		/* The driver returns EBUSY up to 6.12, and EOPNOTSUPP from GUP later. */
		set_rule(RULE_HUGETLB_NOT_TAKEN);
		result = child_call(&s->child, &s->buffer, child_takes, offsets[i]);
		expect(result == -EBUSY || result == -EOPNOTSUPP,
		       "exclusive access to hugetlb memory at offset 0x%lx returns %ld", offsets[i],
		       result);
		expect(child_call(&s->child, &s->buffer, child_frame, 0) == frame,
		       "the huge page is not mapped any more");
		expect_result("pattern that the child sees (enum data)",
			      child_call(&s->child, &s->buffer, child_bytes, 0), DATA_OLD);
	}
	child_leave(&s->child);
	expect_kept(self, 0, BY_OWNER);
	expect_small_pages_stay(s);
}

/* Write a page through /proc/self/mem, which uses FOLL_FORCE. */
static long write_forced(unsigned char *to, uint32_t serial, size_t page)
{
	unsigned char text[features.page_size];
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	long result;

	if (fd < 0)
		syscall_failed("/proc/self/mem", errno);
	write_page(text, serial, page, BY_OWNER_AGAIN);
	result = errno_of(pwrite(fd, text, sizeof(text), (uintptr_t)to));
	close(fd);
	return result;
}

SCENARIO(hugetlb, written_by_force,
	 "a write through /proc/PID/mem to read-only private hugetlb memory fails up to 6.13 and "
	 "maps nothing; later it changes only the writer's memory")
{
	struct story *s = &self->story;
	const bool allowed = features.mem_force && kernel_has(CHANGE_HUGETLB_FORCED);
	const long done = allowed ? (long)features.page_size : -EIO;
	unsigned char *empty;

	protect_memory(self->map, MAPPED * self->size, PROT_READ);
	empty = mmap(NULL, self->size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1,
		     0);
	if (empty == MAP_FAILED)
		syscall_failed("mmap of hugetlb memory", errno);
	set_rule(features.mem_force ? RULE_HUGETLB_FORCED : RULE_FORCE_POLICY);
	expect_result("a forced write to an address without a page",
		      write_forced(empty, s->buffer.serial, 0), done);
	if (allowed)
		expect_bytes(empty, s->buffer.serial, 0, BY_OWNER_AGAIN, "bytes of that page");
	else
		expect(page_at(0, empty).at == PLACE_NOWHERE,
		       "the failed write left a page, frame 0x%lx",
		       page_at(0, empty).pfn);
	unmap_memory(empty, self->size);

	expect_result("a forced write to a huge page",
		      write_forced(self->map, s->buffer.serial, 0), done);
	expect_kept(self, 0, allowed ? BY_OWNER_AGAIN : BY_OWNER);
	expect_kept(self, 1, BY_OWNER);
	expect_small_pages_stay(s);
}

static void expect_smaps(const void *addr, long private, long shared)
{
	set_rule(RULE_SHARED_TABLE);
	expect_result("Private_Hugetlb", smaps_bytes(addr, "Private_Hugetlb"), private);
	expect_result("Shared_Hugetlb", smaps_bytes(addr, "Shared_Hugetlb"), shared);
}

/*
 * The size in bytes that one page table of huge pages maps, which is the unit
 * of page table sharing.
 */
static size_t table_span(size_t huge)
{
	return features.page_size / sizeof(uint64_t) * huge;
}

/* Map all of @file read/write at an address where a page table begins, and touch its first page. */
static unsigned char *map_table(int file, size_t span)
{
	unsigned char *room = mmap(NULL, 2 * span, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned char *addr = (void *)(((uintptr_t)room + span - 1) / span * span);

	if (room == MAP_FAILED ||
	    mmap(addr, span, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file,
		 0) == MAP_FAILED)
		syscall_failed("mmap of a file of hugetlb", errno);
	set_rule(RULE_HOLE_IS_FILLED);
	expect_zeros(addr, "bytes of a hugetlb file that was never written");
	return addr;
}

static int hugetlb_file(size_t size)
{
	int file = memfd_create("hmm-coherent", MFD_HUGETLB | MFD_CLOEXEC);

	if (file < 0 || ftruncate(file, size))
		syscall_failed("a file of hugetlb", errno);
	return file;
}

SCENARIO(hugetlb, shared_table_counted,
	 "smaps counts a huge page of hugetlb as private while one mapping maps it, and as shared "
	 "while two do, also with a shared page table")
{
	const size_t span = table_span(self->size);
	const int file = hugetlb_file(span);
	unsigned char *first = map_table(file, span), *second;

	expect_smaps(self->map, MAPPED * (long)self->size, 0);
	expect_smaps(first, (long)self->size, 0);
	second = map_table(file, span);
	expect_smaps(first, 0, (long)self->size);
	expect_smaps(second, 0, (long)self->size);
	unmap_memory(second, span);
	expect_smaps(first, (long)self->size, 0);
	unmap_memory(first, span);
	expect_small_pages_stay(&self->story);
}

static long move_to_node(unsigned char *addr, size_t size, int node)
{
	struct bitmask *nodes = node_mask(node);

	return errno_of(mbind(addr, size, MPOL_BIND, nodes->maskp, nodes->size + 1,
			      MPOL_MF_MOVE));
}

static int node_at(unsigned char *addr)
{
	int node = -1;

	if (get_mempolicy(&node, NULL, 0, addr, MPOL_F_NODE | MPOL_F_ADDR))
		syscall_failed("get_mempolicy", errno);
	return node;
}

SCENARIO(hugetlb, shared_table_bound,
	 "mbind() with MPOL_MF_MOVE moves a huge page of hugetlb that one mapping maps, and not "
	 "one that two map, also with a shared page table")
{
	const size_t span = table_span(self->size);
	const int file = hugetlb_file(span);
	unsigned char *first, *second;
	int home, other;
	unsigned long frame;

	first = map_table(file, span);
	home = node_at(first);
	other = numa_available() < 0 ? -1 : node_besides(home);
	need(other >= 0, SKIP_NO_TWO_NODES);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mbind of one mapping", move_to_node(first, span, other), 0);
	must(node_at(first) == other, "a huge page that one mapping maps did not move");
	frame = page_at(0, first).pfn;
	second = map_table(file, span);
	set_rule(RULE_SHARED_TABLE);
	expect_result("mbind of the first of two mappings", move_to_node(first, span, home), 0);
	expect(page_at(0, first).pfn == frame, "the page moved from frame 0x%lx to 0x%lx", frame,
	       page_at(0, first).pfn);
	expect(page_at(0, second).pfn == frame, "the other mapping has frame 0x%lx, not 0x%lx",
	       page_at(0, second).pfn, frame);
	unmap_memory(second, span);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mbind of the mapping that is left", move_to_node(first, span, home), 0);
	expect(node_at(first) == home, "a huge page that only one mapping still maps did not move");
	unmap_memory(first, span);
	expect_small_pages_stay(&self->story);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_hugetlb", argc, argv);
}
