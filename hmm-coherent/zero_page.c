// SPDX-License-Identifier: GPL-2.0
/*
 * Short-term pins of the zero page, which maps memory that was read and never
 * written
 *
 * All such memory maps one page of the kernel. FOLL_PIN for reading returns it
 * without a reference, and does not count it; other pages are counted one by
 * one.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "see/dump.h"
#include "story/story.h"

#define PAGES 4

FIXTURE(zero_page)
{
	struct story story;
	unsigned char *empty;	/* PAGES pages that are only read */
	unsigned long frame;	/* the zero page */
};

FIXTURE_VARIANT(zero_page)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(zero_page, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(zero_page, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(zero_page, system_rw) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(zero_page)
{
	size_t i;

	need(in_guest(), SKIP_NOT_ALONE);
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	self->empty = map_memory(PAGES * features.page_size,
				 variant->read_only ? PROT_READ : PROT_READ | PROT_WRITE);
	for (i = 0; i < PAGES; i++)
		expect_zeros(self->empty + i * features.page_size, "memory that was never written");
	self->frame = page_at(0, self->empty).pfn;
	must(self->frame && page_at(0, self->empty + features.page_size).pfn == self->frame,
	     "pages that were only read do not share the zero page");
}

FIXTURE_TEARDOWN(zero_page)
{
	unmap_memory(self->empty, PAGES * features.page_size);
	story_end(&self->story);
}

/* A counter of /proc/vmstat, after folding the per-CPU counters (vmstat_refresh()). */
static long counted(const char *key)
{
	const int error = write_text("/proc/sys/vm/stat_refresh", "1");
	const long value = read_counter("/proc/vmstat", key);

	if (error || value < 0)
		not_prepared("/proc/vmstat: no %s", key);
	return value;
}

/*
 * process_vm_readv() or process_vm_writev() of PAGES pages at @addr, which pins
 * all of them at once (process_vm_rw_single_vec()). gup_test cannot be used: it
 * complains about a page that is not pinned after a pin (verify_dma_pinned()).
 */
static long reach(unsigned char *addr, bool write)
{
	unsigned char text[PAGES * features.page_size];
	struct iovec here = { text, sizeof(text) }, there = { addr, sizeof(text) };

	memset(text, 0, sizeof(text));
	return errno_of(write ? process_vm_writev(getpid(), &here, 1, &there, 1, 0) :
				process_vm_readv(getpid(), &here, 1, &there, 1, 0));
}

/* Read by process_vm_readv(), and check that @pins pins are taken and released. */
static void expect_pins(unsigned char *addr, const char *what, long pins)
{
	const long acquired = counted("nr_foll_pin_acquired");
	const long released = counted("nr_foll_pin_released");

	expect_result(what, reach(addr, false), PAGES * features.page_size);
	expect_result("pins taken", counted("nr_foll_pin_acquired") - acquired, pins);
	expect_result("pins released", counted("nr_foll_pin_released") - released, pins);
}

SCENARIO(zero_page, pinned,
	 "a pin for reading of memory that was only read gets the zero page and is not counted; "
	 "pins of written pages are counted one by one")
{
	struct story *s = &self->story;
	const int references = page_dump_checked(self->empty).refcount;
	size_t i;

	set_rule(RULE_ZERO_PAGE_NOT_PINNED);
	expect_pins(self->empty, "bytes read of the zero page", 0);
	for (i = 0; i < PAGES; i++)
		expect(page_at(0, self->empty + i * features.page_size).pfn == self->frame,
		       "page %zu does not map the zero page any more", i);
	expect_result("change of the reference count of the zero page",
		      page_dump_checked(self->empty).refcount - references, 0);
	set_rule(RULE_SHORT_PIN_STAYS);
	expect_pins(s->buffer.addr, "bytes read of written pages", PAGES);
	for (i = 0; i < PAGES; i++)
		expect_stays(s, i);
}

SCENARIO(zero_page, pinned_to_write,
	 "a pin for writing of memory that was only read gets exclusive pages and is counted; one "
	 "of a read-only mapping fails")
{
	const long acquired = counted("nr_foll_pin_acquired");
	const long expected = variant->read_only ? 0 : PAGES;
	long result;
	size_t i;

	result = reach(self->empty, true);
	set_rule(variant->read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_HOLE_IS_FILLED);
	expect_result("bytes written", result,
		      variant->read_only ? -EFAULT : PAGES * (long)features.page_size);
	expect_result("pins taken", counted("nr_foll_pin_acquired") - acquired, expected);
	for (i = 0; i < PAGES; i++) {
		unsigned char *page = self->empty + i * features.page_size;

		expect((page_at(0, page).pfn == self->frame) == variant->read_only,
		       "page %zu has frame 0x%lx, and the zero page is 0x%lx", i,
		       page_at(0, page).pfn, self->frame);
		expect_zeros(page, "bytes of the page");
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_zero_page", argc, argv);
}
