// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges of more pages than the kernel handles at once
 *
 * The driver migrates up to a page table of pages at once, process_vm_readv()
 * pins up to PVM_MAX_USER_PAGES (with pages of 4 KiB 1024), and move_pages()
 * has up to 16 results at once. Where one part ends and the next begins, no
 * page may be left out, shifted or handled twice. Each page has a pattern of
 * its own.
 */
#include "suite/harness.h"

#include <errno.h>
#include <numaif.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/buffer.h"
#include "report/result.h"
#include "see/device.h"
#include "see/pin.h"
#include "story/huge.h"

#define PAGES 1100
#define SERIAL 1
#define EVERY 5		/* one page of so many is in memory again */

FIXTURE(long_ranges)
{
	struct device device;
	unsigned char *range;
};

FIXTURE_VARIANT(long_ranges)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(long_ranges, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(long_ranges, remote) { .place = PLACE_REMOTE };
FIXTURE_VARIANT_ADD(long_ranges, private) { .place = PLACE_PRIVATE };

static size_t size_of(size_t pages)
{
	return pages * features.page_size;
}

/* How many pages of @range do not have the pattern of @writer. */
static long others(unsigned char *range, enum writer writer)
{
	long count = 0;
	size_t i;

	for (i = 0; i < PAGES; i++)
		count += read_page(page_in(range, i), SERIAL, i, writer, BY_MEDIUM) != DATA_OLD;
	return count;
}

WHY_NOT(long_ranges)
{
	if (!strcmp(test, "pinned_to_the_end") && variant->place == PLACE_REMOTE)
		return "the pages are in memory, with each device";
	return !strcmp(test, "of_huge_page") && variant->place != PLACE_COHERENT ?
		       "the huge page is in memory, with each device" :
		       NULL;
}

FIXTURE_SETUP(long_ranges)
{
	size_t i;

	device_open(&self->device, variant->place, PAGES);
	self->range = map_memory(size_of(PAGES), PROT_READ | PROT_WRITE);
	for (i = 0; i < PAGES; i++)
		write_page(page_in(self->range, i), SERIAL, i, BY_OWNER);
	drain_lru_batches();
	device_move_to(&self->device, self->range, PAGES);
	set_rule(RULE_ENTRY);
	expect_result("pages that are on the device", pages_at(self->range, PAGES, variant->place),
		      PAGES);
}

FIXTURE_TEARDOWN(long_ranges)
{
	unmap_memory(self->range, size_of(PAGES));
	device_leave(&self->device);
}

SCENARIO(long_ranges, to_and_fro,
	 "all pages of a long range migrate to the device and back, and keep their bytes")
{
	device_move_back(&self->device, self->range, PAGES);
	set_rule(RULE_BACK);
	expect_result("pages that are still on the device",
		      pages_at(self->range, PAGES, variant->place), 0);
	expect_result("pages with other bytes", others(self->range, BY_OWNER), 0);
}

SCENARIO(long_ranges, read_by_device,
	 "the device reads each page of a long range, and writes each of them")
{
	size_t i;

	if (variant->place == PLACE_PRIVATE)
		device_move_back(&self->device, self->range, PAGES);
	set_rule(RULE_DEVICE_IN_PLACE);
	expect_result("the device's read", device_read(&self->device, self->range, PAGES), 0);
	expect_result("pages with other bytes", others(self->device.bounce, BY_OWNER), 0);
	for (i = 0; i < PAGES; i++)
		write_page(page_in(self->device.bounce, i), SERIAL, i, BY_DEVICE);
	expect_result("the device's write", device_write(&self->device, self->range, PAGES), 0);
	expect_result("pages with other bytes", others(self->range, BY_DEVICE), 0);
}

SCENARIO(long_ranges, read_by_process,
	 "process_vm_readv() reads each page of a long range, and process_vm_writev() writes each")
{
	unsigned char *bytes = map_memory(size_of(PAGES), PROT_READ | PROT_WRITE);
	struct iovec here = { bytes, size_of(PAGES) }, there = { self->range, size_of(PAGES) };
	size_t i;

	set_rule(RULE_BYTES_ARRIVE);
	expect_byte_count("process_vm_readv",
			  errno_of(process_vm_readv(getpid(), &here, 1, &there, 1, 0)),
			  size_of(PAGES));
	expect_result("pages with other bytes", others(bytes, BY_OWNER), 0);
	for (i = 0; i < PAGES; i++)
		write_page(page_in(bytes, i), SERIAL, i, BY_OTHER);
	expect_byte_count("process_vm_writev",
			  errno_of(process_vm_writev(getpid(), &here, 1, &there, 1, 0)),
			  size_of(PAGES));
	expect_result("pages with other bytes after the write", others(self->range, BY_OTHER), 0);
	unmap_memory(bytes, size_of(PAGES));
}

/* One page of EVERY has a node; the others are on the device and have none. */
SCENARIO(long_ranges, asked_for_nodes,
	 "move_pages() without nodes has the result of each page in its place")
{
	static void *pages[PAGES];
	static int status[PAGES];
	long wrong = 0;
	size_t i;

	for (i = 0; i < PAGES; i += EVERY)
		device_move_back(&self->device, page_in(self->range, i), 1);
	for (i = 0; i < PAGES; i++)
		pages[i] = page_in(self->range, i);
	set_rule(RULE_NODES_PASS_OVER);
	expect_result("move_pages", errno_of(move_pages(0, PAGES, pages, NULL, status, 0)), 0);
	for (i = 0; i < PAGES; i++)
		wrong += i % EVERY ? status[i] != -ENOENT : status[i] < 0;
	expect_result("pages with the result of another one", wrong, 0);
}

/* From inside of the huge page on: GUP and pagemap have to count from its first page. */
SCENARIO(long_ranges, of_huge_page,
	 "pagemap shows the frame of each page inside of a huge page, and process_vm_readv() of "
	 "some of them reads each")
{
	const size_t first = 3, count = 100;
	unsigned char *bytes = map_memory(size_of(count), PROT_READ | PROT_WRITE);
	struct huge_range huge;
	struct iovec here = { bytes, size_of(count) }, there;
	unsigned long frame;
	size_t i, wrong = 0, misplaced = 0;

	huge_range_begin(&huge, &self->device);
	for (i = 0; i < first + count; i++)
		write_page(page_in(huge.addr, i), SERIAL, i, BY_OWNER);
	frame = page_at(0, huge.addr).pfn;
	for (i = 0; i < first + count; i++)
		misplaced += page_at(0, page_in(huge.addr, i)).pfn != frame + i;
	set_rule(RULE_PAGEMAP_BY_PAGE);
	expect_result("pages with the frame of another one", misplaced, 0);
	there = (struct iovec){ page_in(huge.addr, first), size_of(count) };
	set_rule(RULE_BYTES_ARRIVE);
	expect_byte_count("process_vm_readv",
			  errno_of(process_vm_readv(getpid(), &here, 1, &there, 1, 0)),
			  size_of(count));
	for (i = 0; i < count; i++)
		wrong += read_page(page_in(bytes, i), SERIAL, first + i, BY_OWNER, BY_MEDIUM) !=
			 DATA_OLD;
	expect_result("pages with other bytes", wrong, 0);
	huge_range_end(&huge);
	unmap_memory(bytes, size_of(count));
}

/* gup_fast_fallback(), __get_user_pages(): what was got is not lost by the error behind it. */
SCENARIO(long_ranges, pinned_to_the_end,
	 "GUP of pages of which the last is not mapped returns those before it, slow and fast")
{
	const struct pin_kind kinds[] = { { .pin = true }, { .pin = true, .fast = true },
					  { .pin = false }, { .fast = true } };
	size_t i;

	need(pin_available(), SKIP_NO_GUP_TEST);
	device_move_back(&self->device, self->range, PAGES);
	unmap_memory(page_in(self->range, 3), size_of(1));
	set_rule(RULE_PARTIAL_TRANSFER);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		expect(pin_pages_at_once(kinds[i], self->range, 4) > 0,
		       "%s GUP gets none of three pages that are followed by none",
		       kinds[i].fast ? "fast" : "slow");
	if (mmap(page_in(self->range, 3), size_of(1), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_long_ranges", argc, argv);
}
