/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mappings.h - fixture of the programs mappings and policies
 *
 * Pages on a coherent device or in memory, in a reserved area of addresses.
 */
#ifndef HMM_COHERENT_FIXTURE_MAPPINGS_H
#define HMM_COHERENT_FIXTURE_MAPPINGS_H

#include "suite/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 6
/* Page numbers in the area: of the pages, of the target of a move, and the size of the area. */
#define FIRST 2
#define TARGET 10
#define AREA 16

FIXTURE(mappings)
{
	struct story story;
	unsigned char *area;
	unsigned long frames[PAGES];
	int monitor;		/* -1: none */
};

FIXTURE_VARIANT(mappings)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(mappings, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(mappings, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(mappings, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(mappings, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

static unsigned char *page_of(FIXTURE_DATA(mappings) (*self), size_t page)
{
	return self->area + page * features.page_size;
}

/* Map writable memory at pages [first, first + count) of the area, without touching it. */
static void map_pages(FIXTURE_DATA(mappings) (*self), size_t first, size_t count)
{
	if (mmap(page_of(self, first), count * features.page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		syscall_failed("mmap", errno);
}

/* Map and write PAGES pages at @first, with the place and permission of the variant. */
static void fill(FIXTURE_DATA(mappings) (*self), size_t first)
{
	struct story *s = &self->story;
	size_t i;

	map_pages(self, first, PAGES);
	for (i = 0; i < PAGES; i++)
		write_page(page_of(self, first + i), s->buffer.serial, i, BY_OWNER);
	if (story_on_device(s))
		device_move_to(&s->device, page_of(self, first), PAGES);
	if (s->read_only)
		protect_memory(page_of(self, first), PAGES * features.page_size, PROT_READ);
	set_rule(RULE_ENTRY);
	for (i = 0; i < PAGES; i++) {
		struct page page = page_at(0, page_of(self, first + i));

		must((page.at == PLACE_COHERENT) == story_on_device(s), "page %zu is %s", i,
		     place_name(page.at));
		self->frames[i] = page.pfn;
	}
}

FIXTURE_SETUP(mappings)
{
	self->monitor = -1;
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	self->area = map_memory(AREA * features.page_size, PROT_NONE);
}

FIXTURE_TEARDOWN(mappings)
{
	if (self->monitor >= 0)
		close(self->monitor);
	unmap_memory(self->area, AREA * features.page_size);
	story_end(&self->story);
}

/* Check that pages [first, first + count) of fill() are at @at, with their frames and bytes. */
static void expect_pages(FIXTURE_DATA(mappings) (*self), size_t at, size_t first, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned long pfn = page_at(0, page_of(self, at + i)).pfn;

		if (!expect(pfn == self->frames[first + i],
			    "page %zu of the area has frame 0x%lx, not 0x%lx", at + i, pfn,
			    self->frames[first + i]))
			continue;
		expect_bytes(page_of(self, at + i), self->story.buffer.serial, first + i, BY_OWNER,
			     "bytes of a page that stayed");
	}
}

/* Check the mappings in the area, except those with PROT_NONE, in pages: "2-4 4-8". */
static void __maybe_unused expect_mappings(FIXTURE_DATA(mappings) (*self), const char *expected)
{
	const unsigned long area = (unsigned long)self->area;
	FILE *file = fopen("/proc/self/maps", "r");
	char line[256], seen[128] = "", permission;
	unsigned long start, end;
	size_t used;

	if (!file)
		syscall_failed("/proc/self/maps", errno);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx %c", &start, &end, &permission) != 3 || start < area ||
		    end > area + AREA * features.page_size || permission == '-')
			continue;
		used = strlen(seen);
		snprintf(seen + used, sizeof(seen) - used, "%s%zu-%zu", used ? " " : "",
			 (start - area) / features.page_size, (end - area) / features.page_size);
	}
	fclose(file);
	set_rule(RULE_MAPPINGS_JOIN);
	expect_same(!strcmp(seen, expected), "mappings of the area, in pages", expected, seen);
}

#endif
