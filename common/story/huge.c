// SPDX-License-Identifier: GPL-2.0
#include "story/huge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "report/report.h"
#include "see/device_ranges.h"

static bool is_never(void)
{
	FILE *file = fopen(THP "enabled", "r");
	char text[64] = "";
	bool never = file && fgets(text, sizeof(text), file) && strstr(text, "[never]");

	if (file)
		fclose(file);
	return never;
}

/* With so many free blocks one can be allocated, although the kernel keeps some (watermarks). */
#define FEW 16

/* A line is "Node 0, zone   Normal" and the number of free blocks of each order. */
static long free_huge_blocks(void)
{
	const long size = read_number(THP "hpage_pmd_size");
	FILE *file = fopen("/proc/buddyinfo", "r");
	char line[512], *word;
	long block, free = 0;

	while (file && fgets(line, sizeof(line), file)) {
		strtok(line, " ");
		for (word = line; word && strcmp(word, "zone"); word = strtok(NULL, " "))
			;
		/* Skip the name of the zone. */
		word = word ? strtok(NULL, " ") : NULL;
		for (block = features.page_size; word; block *= 2) {
			word = strtok(NULL, "\n ");
			if (word && block >= size)
				free += strtol(word, NULL, 10);
		}
	}
	if (file)
		fclose(file);
	return free;
}

void huge_memory_refused(const char *what)
{
	const long free = free_huge_blocks();

	set_rule(RULE_LEGAL_CALLS_WORK);
	must(free < FEW, "the kernel has no memory for %s, and %ld free blocks of that size", what,
	     free);
	not_prepared("there is no memory for %s: %ld blocks of that size are free", what, free);
}

void huge_begin(struct huge *h, bool read_only)
{
	long size = read_number(THP "hpage_pmd_size");

	need(size > 0, SKIP_NO_THP);
	need(!is_never(), SKIP_THP_IS_OFF);
	h->size = size;
	h->pages = size / features.page_size;
	need(h->pages < device_pages(PLACE_COHERENT), SKIP_THP_TOO_LARGE);
	story_begin(&h->story, PLACE_COHERENT, read_only, 1);
	device_share(&h->device, &h->story.device, h->pages);
	h->map = map_memory(3 * size, PROT_READ | PROT_WRITE);
	h->addr = (unsigned char *)(((uintptr_t)h->map + size - 1) & ~(size - 1));
	h->control = h->addr + size;
}

void huge_end(struct huge *h)
{
	story_end(&h->story);
	unmap_memory(h->map, 3 * h->size);
	device_close(&h->device);
}

void huge_fill(struct huge *h, unsigned char *range, bool as_huge)
{
	const long fallbacks = read_counter("/proc/vmstat", "thp_fault_fallback");
	bool huge;
	size_t i;

	advise_memory(range, h->size, as_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (i = 0; i < h->pages; i++)
		write_page(page_in(range, i), h->story.buffer.serial, i, BY_OWNER);
	huge = device_snapshot(&h->device, range).huge;
	/* If the machine lacks contiguous memory, the kernel counts a fallback. */
	if (as_huge && !huge && read_counter("/proc/vmstat", "thp_fault_fallback") > fallbacks)
		huge_memory_refused("a huge page");
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(huge == as_huge, "a range with %s is mapped by %s",
	     as_huge ? "MADV_HUGEPAGE" : "MADV_NOHUGEPAGE", huge ? "a huge page" : "small pages");
	if (h->story.read_only)
		protect_memory(range, h->size, PROT_READ);
}

void huge_range_begin(struct huge_range *range, struct device *device)
{
	const long size = read_number(THP "hpage_pmd_size");
	const long fallbacks = read_counter("/proc/vmstat", "thp_fault_fallback");

	need(size > 0, SKIP_NO_THP);
	need(!is_never(), SKIP_THP_IS_OFF);
	range->size = size;
	range->pages = size / features.page_size;
	range->map = map_memory(2 * size, PROT_READ | PROT_WRITE);
	range->addr = (unsigned char *)(((uintptr_t)range->map + size - 1) & ~(size - 1));
	advise_memory(range->addr, size, MADV_HUGEPAGE);
	*(volatile unsigned char *)range->addr = 0;
	if (device_snapshot(device, range->addr).huge)
		return;
	if (read_counter("/proc/vmstat", "thp_fault_fallback") > fallbacks)
		huge_memory_refused("a huge page");
	set_rule(RULE_LEGAL_CALLS_WORK);
	fail_now("a range with MADV_HUGEPAGE is mapped by small pages");
}

void huge_range_end(struct huge_range *range)
{
	unmap_memory(range->map, 2 * range->size);
}

size_t huge_lost(const struct huge *h)
{
	size_t i, lost = 0;

	for (i = 0; i < h->pages; i++)
		lost += read_page(page_in(h->addr, i), h->story.buffer.serial, i, BY_OWNER,
				  BY_OTHER) != DATA_OLD;
	return lost;
}

void expect_huge_on_device(struct huge *h, size_t first, size_t count)
{
	enum permission mapped = h->story.read_only ? PERM_RO : PERM_RW;
	size_t i, misplaced = 0, mapped_wrong = 0, lost = 0;

	for (i = 0; i < h->pages; i++) {
		unsigned char *addr = page_in(h->addr, i);
		enum place at = page_at(0, addr).at;

		misplaced += i >= first && i < first + count ? at != PLACE_COHERENT :
							       !in_memory(at);
		lost += read_page(addr, h->story.buffer.serial, i, BY_OWNER, BY_OTHER) != DATA_OLD;
	}
	for (i = 0; i < h->pages; i += 37)
		mapped_wrong += device_snapshot(&h->device, page_in(h->addr, i)).permission !=
				mapped;
	expect_result("pages in the wrong place", misplaced, 0);
	expect_result("pages with another permission than before", mapped_wrong, 0);
	expect_result("pages with other bytes than before", lost, 0);
}

void huge_move_to_device(struct huge *h, size_t first, size_t count)
{
	device_move_to(&h->device, page_in(h->addr, first), count);
}
