// SPDX-License-Identifier: GPL-2.0
/*
 * udmabuf, which makes a DMA buffer of pages of a memfd: long-term pins of a
 * file's pages, next to private copies of them on a device (S7)
 *
 * Such pages never are on a device. They are pinned by memfd_pin_folios(), not
 * by GUP, with the same rule for ZONE_MOVABLE.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <numaif.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "see/zone.h"
#include "story/nodes.h"
#include "story/story.h"

#include "hugetlb.h"

#define PAGES 3
#define HOLES 64
#define KPF_LRU 5	/* linux/kernel-page-flags.h */
/* In MiB. */
#define LIMIT "/sys/module/udmabuf/parameters/size_limit_mb"

FIXTURE(dma_buf)
{
	struct story story;
	int memfd, dma_buf;
	unsigned char *file;	/* the memfd, mapped shared */
};

FIXTURE_VARIANT(dma_buf)
{
	enum place place;	/* of the pages of the memfd */
};

FIXTURE_VARIANT_ADD(dma_buf, system) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(dma_buf, movable) { .place = PLACE_MOVABLE };

WHY_NOT(dma_buf)
{
	if (!strcmp(test, "of_sealed") || !strcmp(test, "within_large_limit"))
		return variant->place == PLACE_SYSTEM ? NULL : "no page of the memfd is used";
	if (strcmp(test, "of_a_hole") && strcmp(test, "of_hugetlb"))
		return NULL;
	if (!kernel_has(CHANGE_UDMABUF_PINS))
		return "udmabuf of this kernel takes only pages that exist (6.11)";
	return variant->place == PLACE_SYSTEM ? NULL : "the pages of the hole are in any zone";
}

FIXTURE_SETUP(dma_buf)
{
	const size_t size = PAGES * features.page_size;
	int node = variant->place == PLACE_MOVABLE ? movable_node() : unmovable_node();
	size_t i;

	need(!access("/dev/udmabuf", R_OK | W_OK), SKIP_NO_UDMABUF);
	if (variant->place == PLACE_MOVABLE)
		need(features.movable, SKIP_NO_MOVABLE);
	self->dma_buf = -1;
	story_begin(&self->story, PLACE_SYSTEM, false, PAGES);
	self->memfd = memfd_create("hmm-coherent", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (self->memfd < 0 || ftruncate(self->memfd, size) ||
	    fcntl(self->memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		syscall_failed("memfd", errno);
	self->file = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->memfd, 0);
	if (self->file == MAP_FAILED)
		syscall_failed("mmap of a memfd", errno);
	if (node >= 0 && mbind(self->file, size, MPOL_BIND, node_mask(node)->maskp,
			       node_mask(node)->size + 1, 0))
		syscall_failed("mbind", errno);
	for (i = 0; i < PAGES; i++)
		write_page(self->file + i * features.page_size, self->story.buffer.serial, i,
			   BY_OTHER);
	if (pages_at(self->file, PAGES, variant->place) != PAGES)
		not_prepared("the pages of the memfd are not %s", place_name(variant->place));
}

FIXTURE_TEARDOWN(dma_buf)
{
	if (self->dma_buf >= 0)
		close(self->dma_buf);
	if (self->memfd >= 0) {
		unmap_memory(self->file, PAGES * features.page_size);
		close(self->memfd);
	}
	story_end(&self->story);
}

/* A DMA buffer of pages [first, first + count) of the memfd. */
static void create(FIXTURE_DATA(dma_buf) (*self), size_t first, size_t count)
{
	struct udmabuf_create arg = { .memfd = self->memfd, .flags = UDMABUF_FLAGS_CLOEXEC,
				      .offset = first * features.page_size,
				      .size = count * features.page_size };
	int control = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	set_rule(RULE_LEGAL_CALLS_WORK);
	self->dma_buf = errno_of(ioctl(control, UDMABUF_CREATE, &arg));
	close(control);
	must(self->dma_buf >= 0, "UDMABUF_CREATE returns %d", self->dma_buf);
}

/* The buffer has the pages of the memfd, with @writer's pattern. */
static void expect_in_buffer(FIXTURE_DATA(dma_buf) (*self), enum writer writer)
{
	const size_t size = PAGES * features.page_size;
	unsigned char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, self->dma_buf, 0);
	size_t i;

	if (map == MAP_FAILED)
		syscall_failed("mmap of a DMA buffer", errno);
	set_rule(RULE_MEMFD_IS_PINNED);
	for (i = 0; i < PAGES; i++)
		expect_bytes(map + i * features.page_size, self->story.buffer.serial, i, writer,
			     "bytes of the DMA buffer");
	unmap_memory(map, size);
}

SCENARIO(dma_buf, pinned,
	 "pages of a DMA buffer leave ZONE_MOVABLE where the kernel pins them, and are the pages "
	 "of "
	 "the memfd until the buffer is closed")
{
	const bool pins = kernel_has(CHANGE_UDMABUF_PINS);
	const enum place place = pins ? PLACE_SYSTEM : variant->place;
	size_t i;

	create(self, 0, PAGES);
	set_rule(RULE_MEMFD_IS_PINNED);
	expect_result("pages of the memfd in the expected place",
		      pages_at(self->file, PAGES, place), PAGES);
	expect_in_buffer(self, BY_OTHER);
	for (i = 0; i < PAGES; i++)
		write_page(self->file + i * features.page_size, self->story.buffer.serial, i,
			   BY_MEDIUM);
	expect_in_buffer(self, BY_MEDIUM);
}

SCENARIO(dma_buf, private_copy,
	 "private copies of the pages can be migrated to the device; the DMA buffer keeps the "
	 "pages "
	 "of the memfd")
{
	const size_t size = PAGES * features.page_size;
	struct story *s = &self->story;
	unsigned char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->memfd, 0);
	size_t i;

	if (copy == MAP_FAILED)
		syscall_failed("mmap of a memfd", errno);
	create(self, 0, PAGES);
	for (i = 0; i < PAGES; i++)
		write_page(copy + i * features.page_size, s->buffer.serial, i, BY_OWNER_AGAIN);
	device_move_to(&s->device, copy, PAGES);
	set_rule(RULE_ENTRY);
	expect_result("private copies on the device", pages_at(copy, PAGES, PLACE_COHERENT), PAGES);
	device_move_to(&s->device, self->file, PAGES);
	set_rule(RULE_ONLY_ANONYMOUS);
	expect_result("pages of the memfd on the device",
		      pages_at(self->file, PAGES, PLACE_COHERENT), 0);
	expect_in_buffer(self, BY_OTHER);
	for (i = 0; i < PAGES; i++)
		expect_bytes(copy + i * features.page_size, s->buffer.serial, i, BY_OWNER_AGAIN,
			     "bytes of the private copy");
	unmap_memory(copy, size);
}

/* How many of the frames are on an LRU list, as pages of a file are until they are free. */
static size_t frames_on_lru(const unsigned long *frames)
{
	size_t i, found = 0;

	drain_lru_batches();
	for (i = 0; i < HOLES; i++)
		found += frame_has_flag(frames[i], KPF_LRU);
	return found;
}

/*
 * memfd_pin_folios() allocates the pages of a hole. A frame that is free may be used
 * again at once, so that only many of them tell a leak.
 */
SCENARIO(dma_buf, of_a_hole,
	 "a DMA buffer of a hole of a memfd allocates its pages, and they are free when the buffer "
	 "and the file are closed")
{
	const size_t size = HOLES * features.page_size;
	unsigned long frames[HOLES];
	unsigned char *map;
	size_t i;

	if (ftruncate(self->memfd, PAGES * features.page_size + size))
		syscall_failed("ftruncate", errno);
	create(self, PAGES, HOLES);
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, self->memfd, PAGES * features.page_size);
	if (map == MAP_FAILED)
		syscall_failed("mmap of a memfd", errno);
	for (i = 0; i < HOLES; i++) {
		(void)*(volatile unsigned char *)(map + i * features.page_size);
		frames[i] = page_at(0, map + i * features.page_size).pfn;
	}
	unmap_memory(map, size);
	set_rule(RULE_MEMFD_IS_PINNED);
	expect_result("pages of the hole on an LRU list", frames_on_lru(frames), HOLES);
	close(self->dma_buf);
	self->dma_buf = -1;
	unmap_memory(self->file, PAGES * features.page_size);
	close(self->memfd);
	self->memfd = -1;
	expect(frames_on_lru(frames) < HOLES / 2,
	       "%zu of %d pages of the hole are in use after the file is closed",
	       frames_on_lru(frames), HOLES);
}

#define RESERVED "HugePages_Rsvd"	/* in /proc/meminfo */

/* Write to all free pages of the pool, which then are free again with these bytes. */
static void use_pool(struct story *s)
{
	const size_t size = hugetlb_size();
	const long pages = read_counter("/proc/meminfo", "HugePages_Free");
	unsigned char *map = mmap(NULL, pages * size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	long i;

	if (map == MAP_FAILED)
		syscall_failed("mmap of hugetlb pages", errno);
	for (i = 0; i < pages; i++)
		write_page(map + i * size, s->buffer.serial, 0, BY_OTHER);
	unmap_memory(map, pages * size);
}

/* memfd_alloc_folio() allocates such a page without a fault. */
SCENARIO(dma_buf, of_hugetlb,
	 "a DMA buffer of a hole of a hugetlb memfd, behind its first page, allocates a page that "
	 "is zero, and leaves no page reserved")
{
	const size_t size = hugetlb_size();
	const int memfd = self->memfd;
	long reserved;
	unsigned char *map;

	/* It uses all pages of the pool, and counts those of all processes. */
	need(in_guest(), SKIP_NOT_ALONE);
	/* One for each node: the kernel takes none of ZONE_MOVABLE, which one node may have. */
	hugetlb_reserve(2);
	reserved = read_counter("/proc/meminfo", RESERVED);
	use_pool(&self->story);
	self->memfd = memfd_create("hmm-coherent", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
	if (self->memfd < 0 || ftruncate(self->memfd, 2 * size) ||
	    fcntl(self->memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		syscall_failed("memfd of hugetlb", errno);
	/* It also reserves the page: 6.12 does not do that when it pins. */
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, self->memfd, size);
	if (map == MAP_FAILED)
		syscall_failed("mmap of a memfd of hugetlb", errno);
	create(self, size / features.page_size, 1);
	set_rule(RULE_MEMFD_IS_PINNED);
	expect_result(RESERVED, read_counter("/proc/meminfo", RESERVED), reserved);
	expect_zeros(map, "the page that was allocated");
	unmap_memory(map, size);
	close(self->memfd);
	self->memfd = memfd;
}

/* The result of UDMABUF_CREATE for a page of a new memfd with these seals. */
static long created(int seals)
{
	struct udmabuf_create arg = { .memfd = memfd_create("seals", MFD_CLOEXEC |
								    MFD_ALLOW_SEALING),
				      .flags = UDMABUF_FLAGS_CLOEXEC,
				      .size = features.page_size };
	int control = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	long result;

	if ((int)arg.memfd < 0 || ftruncate(arg.memfd, features.page_size) ||
	    (seals && fcntl(arg.memfd, F_ADD_SEALS, seals)))
		syscall_failed("memfd", errno);
	result = errno_of(ioctl(control, UDMABUF_CREATE, &arg));
	if (result >= 0)
		close(result);
	close(control);
	close(arg.memfd);
	return result < 0 ? result : 0;
}

/* check_memfd_seals() (6.1: udmabuf_create()) */
SCENARIO(dma_buf, of_sealed,
	 "a DMA buffer, which may be written, is made of a memfd that cannot shrink, and not of "
	 "one that is or will be sealed for writing")
{
	set_rule(RULE_MEMFD_IS_PINNED);
	expect_result("without a seal", created(0), -EINVAL);
	expect_result("F_SEAL_GROW", created(F_SEAL_GROW), -EINVAL);
	expect_result("F_SEAL_SHRINK", created(F_SEAL_SHRINK), 0);
	expect_result("F_SEAL_SHRINK, F_SEAL_GROW", created(F_SEAL_SHRINK | F_SEAL_GROW), 0);
	expect_result("F_SEAL_SHRINK, F_SEAL_WRITE", created(F_SEAL_SHRINK | F_SEAL_WRITE),
		      -EINVAL);
	expect_result("F_SEAL_SHRINK, F_SEAL_FUTURE_WRITE",
		      created(F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE), -EINVAL);
}

/* udmabuf_create(): the limit in bytes has more than 32 bits. */
SCENARIO(dma_buf, within_large_limit,
	 "a DMA buffer can be made with a limit of 4 GiB, and not with one of 0")
{
	set_rule(RULE_MEMFD_IS_PINNED);
	change_setting(LIMIT, 4096);
	expect_result("with a limit of 4 GiB", created(F_SEAL_SHRINK), 0);
	change_setting(LIMIT, 0);
	expect_result("with a limit of 0", created(F_SEAL_SHRINK), -EINVAL);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_dma_buf", argc, argv);
}
