// SPDX-License-Identifier: GPL-2.0
#include "judge/look.h"

#include <stdio.h>

#include "cell/access.h"
#include "kernel/kernel.h"
#include "report/report.h"
#include "see/device_ranges.h"
#include "see/dump.h"

void expect_page(enum rule_id rule, bool ok, size_t page, const char *what, const char *expected,
		 const char *seen)
{
	char text[80];

	set_rule(rule);
	if (expect_passes(ok))
		return;
	snprintf(text, sizeof(text), "page %zu %s", page, what);
	expect_same(false, text, expected, seen);
}

/*
 * Do both observers agree? pagemap has its own page table walk, the driver uses
 * hmm_range_fault(). A device distinguishes its own pages from those of other
 * devices, and sees nothing in a mapping without VM_READ.
 */
static bool agree(const struct cell *cell, struct page page, struct snapshot snapshot)
{
	enum place own = cell_device(cell)->memory;

	if (snapshot.permission == PERM_NONE)
		return page.at == PLACE_NOWHERE || page.at == PLACE_SWAPPED ||
		       !cell->mapping->vma_read ||
		       (page.at == PLACE_PRIVATE && own != PLACE_PRIVATE);
	if (in_memory(page.at))
		return snapshot.at == PLACE_SYSTEM;
	return snapshot.at == page.at ||
	       (snapshot.at == PLACE_REMOTE && page.at != own && page.at != PLACE_NOWHERE);
}

static void expect_agreement(const struct cell *cell, size_t number, struct page page,
			     struct snapshot snapshot)
{
	char by_pagemap[64], by_driver[64];

	set_rule(RULE_OBSERVERS_AGREE);
	if (expect_passes(agree(cell, page, snapshot)))
		return;
	snprintf(by_pagemap, sizeof(by_pagemap), "%s, by pagemap", place_name(page.at));
	snprintf(by_driver, sizeof(by_driver), "%s, %s, by the driver",
		 place_name(snapshot.at), permission_name(snapshot.permission));
	expect_page(RULE_OBSERVERS_AGREE, false, number, "place", by_pagemap, by_driver);
}

/* None of the observers changes the page. */
static struct page_seen look_at_page(const struct cell *cell, size_t i)
{
	const void *addr = buffer_page(&cell->buffer, i);
	struct page page = page_at(0, addr);
	struct snapshot snapshot = device_snapshot(cell_device(cell), addr);
	struct page_dump dump = { 0 };
	struct page_seen seen = {
		.at = page.at,
		.pfn = page.pfn,
		.uffd_wp = page.uffd_wp,
		.soft_dirty = page.soft_dirty,
		.permission = snapshot.permission,
	};

	/*
	 * The kernel maps only exclusive anonymous pages writable. For a page
	 * that is mapped read-only a dump is needed, which is slow.
	 */
	if (snapshot.permission == PERM_RO && features.gup_test)
		dump = page_dump_checked(addr);
	seen.exclusive = dump.exclusive || snapshot.permission == PERM_RW;
	seen.exclusive_known = dump.valid || snapshot.permission == PERM_RW;
	expect_agreement(cell, i, page, snapshot);
	if (cell->child.pid) {
		page = page_at(cell->child.pid, addr);
		seen.child_at = page.at;
		seen.child_pfn = page.pfn;
	}
	return seen;
}

static size_t frames_on_devices(const struct state *state)
{
	unsigned long frames[2 * BUFFER_PAGES_MAX];
	size_t i, k, count = 0;

	for (i = 0; i < 2 * state->pages; i++) {
		const struct page_seen *page = &state->page[i / 2];
		unsigned long pfn = i % 2 ? page->child_pfn : page->pfn;

		if (device_of_pfn(pfn) == PLACE_NOWHERE)
			continue;
		for (k = 0; k < count && frames[k] != pfn; k++)
			;
		if (k == count)
			frames[count++] = pfn;
	}
	return count;
}

struct state look_at_pages(const struct cell *cell)
{
	struct state state = { .pages = cell->buffer.pages };
	size_t i;

	for (i = 0; i < state.pages; i++)
		state.page[i] = look_at_page(cell, i);
	state.on_devices = frames_on_devices(&state);
	return state;
}

static enum data by_device(const struct cell *cell, size_t i)
{
	struct device *device = cell_device(cell);

	if (device_read(device, buffer_page(&cell->buffer, i), 1))
		return DATA_UNREADABLE;
	return read_page(device->bounce, cell->buffer.serial, i, BY_OWNER, cell->access->writer);
}

static enum data by_owner(const struct cell *cell, size_t i)
{
	static unsigned char copy[65536] __aligned(65536);

	if (cpu_read(&cell->buffer, i, 1, copy) < 0)
		return DATA_UNREADABLE;
	return read_page(copy, cell->buffer.serial, i, BY_OWNER, cell->access->writer);
}

static enum data by_child(struct cell *cell, size_t i)
{
	const struct access *access = cell->access;

	return child_look(&cell->child, &cell->buffer, i, BY_OWNER,
			  access->reach == REACH_CHILD_CPU ? access->writer : BY_OWNER_AGAIN);
}

struct state look_at_all(struct cell *cell)
{
	const struct access *access = cell->access;
	struct state state = look_at_pages(cell);
	size_t i;

	for (i = 0; i < state.pages; i++) {
		enum data *data = state.page[i].data;

		if (access->reads)
			data[OBSERVER_READER] = read_page(cell->got + i * features.page_size,
							  cell->buffer.serial, i, BY_OWNER,
							  access->writer);
		/* Not through a private page: see cell_exists(). */
		if (state.page[i].at != PLACE_PRIVATE)
			data[OBSERVER_DEVICE] = by_device(cell, i);
	}
	for (i = 0; i < state.pages; i++) {
		enum data *data = state.page[i].data;

		if (access->hold_look && cell->held >= 0)
			data[OBSERVER_HOLDER] = access->hold_look(cell, i);
		data[OBSERVER_OWNER] = by_owner(cell, i);
		if (cell->child.pid)
			data[OBSERVER_CHILD] = by_child(cell, i);
		if (cell_medium(cell))
			data[OBSERVER_MEDIUM] = medium_look(cell_medium(cell), cell->buffer.serial,
							    i, BY_MEDIUM, BY_OWNER);
	}
	return state;
}
