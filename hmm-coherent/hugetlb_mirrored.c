// SPDX-License-Identifier: GPL-2.0
/*
 * hugetlb memory that a device mirrors, from inside of a huge page on (S1)
 *
 * The entry of the page table is that of the whole huge page, so that the walk
 * has to add the offset of the small page (hmm_vma_walk_hugetlb_entry()).
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "story/huge.h"
#include "story/story.h"

#include "hugetlb.h"

#define RANGE 2		/* huge pages */
#define FREE 2		/* more of them, as the policy of a task may leave out a node */
#define PAGES 3		/* small ones that the device accesses */

FIXTURE(hugetlb_mirrored)
{
	struct device device;
	unsigned char *map;
	size_t size;		/* of a huge page, in bytes */
	uint32_t serial;
};

FIXTURE_VARIANT(hugetlb_mirrored)
{
	int flags;
};

FIXTURE_VARIANT_ADD(hugetlb_mirrored, private) { .flags = MAP_PRIVATE };
FIXTURE_VARIANT_ADD(hugetlb_mirrored, shared) { .flags = MAP_SHARED };

FIXTURE_SETUP(hugetlb_mirrored)
{
	size_t i;

	self->size = hugetlb_size();
	self->serial = 77;
	hugetlb_reserve(RANGE + FREE);
	device_open(&self->device, PLACE_COHERENT, PAGES);
	self->map = mmap(NULL, RANGE * self->size, PROT_READ | PROT_WRITE,
			 variant->flags | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (self->map == MAP_FAILED)
		syscall_failed("mmap of hugetlb memory", errno);
	for (i = 0; i < RANGE * self->size / features.page_size; i++)
		write_page(page_in(self->map, i), self->serial, i, BY_OWNER);
	set_rule(RULE_BYTES_ARRIVE);
}

FIXTURE_TEARDOWN(hugetlb_mirrored)
{
	unmap_memory(self->map, RANGE * self->size);
	device_close(&self->device);
}

/* The device reads PAGES pages from page @first on. */
static void expect_read(FIXTURE_DATA(hugetlb_mirrored) (*self), size_t first)
{
	size_t i;

	expect_result("a read by the device",
		      device_read(&self->device, page_in(self->map, first), PAGES), 0);
	for (i = 0; i < PAGES; i++)
		expect_bytes((unsigned char *)self->device.bounce + i * features.page_size,
			     self->serial, first + i, BY_OWNER, "what the device has read");
}

SCENARIO(hugetlb_mirrored, read,
	 "a device reads the pages at the beginning, inside and across the end of a huge page of "
	 "hugetlb")
{
	const size_t pages = self->size / features.page_size;

	expect_read(self, 0);
	expect_read(self, pages / 2 + 1);
	expect_read(self, pages - 1);
	expect_read(self, 2 * pages - PAGES);
}

SCENARIO(hugetlb_mirrored, written,
	 "a device writes pages inside of a huge page of hugetlb, and no others")
{
	const size_t pages = self->size / features.page_size, first = pages / 2 + 1;
	size_t i;

	for (i = 0; i < PAGES; i++)
		write_page((unsigned char *)self->device.bounce + i * features.page_size,
			   self->serial, first + i, BY_DEVICE);
	expect_result("a write by the device",
		      device_write(&self->device, page_in(self->map, first), PAGES), 0);
	for (i = 0; i < RANGE * pages; i++)
		expect_bytes(page_in(self->map, i), self->serial, i,
			     i >= first && i < first + PAGES ? BY_DEVICE : BY_OWNER,
			     "a page of hugetlb");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_hugetlb_mirrored", argc, argv);
}
