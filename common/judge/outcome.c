// SPDX-License-Identifier: GPL-2.0
#include "judge/outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"
#include "report/report.h"

static void check(enum rule_id rule, bool ok, size_t page, const char *what, const char *expected,
		  const char *seen)
{
	char text[80];

	set_rule(rule);
	snprintf(text, sizeof(text), "page %zu %s", page, what);
	expect_same(ok, text, expected, seen);
}

/*
 * Two observers, one answer: pagemap walks the page table its own way, the
 * driver by hmm_range_fault(). A device tells its own pages from those of all
 * others, and does not look into a mapping without VM_READ.
 */
static bool agree(const struct cell *cell, struct page page, struct snapshot snapshot)
{
	enum place own = cell_device((struct cell *)cell)->memory;

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

	snprintf(by_pagemap, sizeof(by_pagemap), "%s, as pagemap says", place_name(page.at));
	snprintf(by_driver, sizeof(by_driver), "%s, %s, as the driver says",
		 place_name(snapshot.at), permission_name(snapshot.permission));
	check(RULE_OBSERVERS_AGREE, agree(cell, page, snapshot), number, "place", by_pagemap,
	      by_driver);
}

void outcome_look(struct page_seen *seen, struct cell *cell)
{
	size_t i;

	for (i = 0; i < cell->buffer.pages; i++) {
		const void *addr = buffer_page(&cell->buffer, i);
		struct page page = page_at(0, addr);
		struct snapshot snapshot = device_snapshot(cell_device(cell), addr);
		struct page_dump dump = { 0 };

		seen[i] = (struct page_seen){
			.at = page.at,
			.pfn = page.pfn,
			.uffd_wp = page.uffd_wp,
			.soft_dirty = page.soft_dirty,
			.permission = snapshot.permission,
		};
		/*
		 * The kernel maps only exclusive anonymous pages writable. What
		 * is mapped read-only has to be asked for, which is dear.
		 */
		if (snapshot.permission == PERM_RO && features.gup_test)
			dump = page_dump_checked(addr);
		seen[i].exclusive = dump.exclusive || snapshot.permission == PERM_RW;
		seen[i].exclusive_known = dump.valid || snapshot.permission == PERM_RW;
		expect_agreement(cell, i, page, snapshot);
		if (cell->child.pid) {
			page = page_at(cell->child.pid, addr);
			seen[i].child_at = page.at;
			seen[i].child_pfn = page.pfn;
		}
	}
}

static void read_devices_view(struct outcome *outcome, struct cell *cell)
{
	struct device *device = cell_device(cell);
	size_t i;

	for (i = 0; i < cell->buffer.pages; i++) {
		/* Not through a private page: see cell_exists(). */
		if (outcome->after[i].at == PLACE_PRIVATE)
			continue;
		outcome->device[i] = device_read(device, buffer_page(&cell->buffer, i), 1) ?
					     DATA_UNREADABLE :
					     read_page(device->bounce, cell->buffer.serial, i,
						       BY_OWNER, cell->access->writer);
	}
}

void outcome_read(struct outcome *outcome, struct cell *cell)
{
	const struct access *access = cell->access;
	struct buffer *buffer = &cell->buffer;
	struct medium *medium = access->needs & BIT(NEED_RAW) ? &cell->env->raw : &cell->env->file;
	static unsigned char copy[BUFFER_PAGES_MAX * 65536] __aligned(65536);
	size_t i;

	for (i = 0; i < buffer->pages && access->reads; i++)
		outcome->reader[i] = read_page(cell->got + i * features.page_size, buffer->serial,
					       i, BY_OWNER, access->writer);
	read_devices_view(outcome, cell);
	for (i = 0; i < buffer->pages; i++) {
		if (access->hold_look && cell->held >= 0)
			outcome->holder[i] = access->hold_look(cell, i);
		outcome->owner[i] = cpu_read(buffer, i, 1, copy) < 0 ? DATA_UNREADABLE :
			read_page(copy, buffer->serial, i, BY_OWNER, access->writer);
		if (cell->child.pid)
			outcome->child[i] = child_look(&cell->child, buffer, i, BY_OWNER,
						       access->reach == REACH_CHILD_CPU ?
							       access->writer :
							       BY_OWNER_AGAIN);
		if (access->to_medium || access->from_medium)
			outcome->medium[i] =
				medium_look(medium, buffer->serial, i, BY_MEDIUM, BY_OWNER);
	}
}

void result_text(char *text, size_t size, long result)
{
	if (IS_SIGNAL(result))
		snprintf(text, size, "SIG%s", sigabbrev_np(SIGNAL_OF(result)));
	else if (result < 0)
		snprintf(text, size, "%s",
			 strerrorname_np(-result) ? strerrorname_np(-result) : "unknown error");
	else
		snprintf(text, size, "%ld", result);
}

/*
 * The rule that a state before the access follows from: placing, protecting and
 * sharing are the kernel's.
 */
static enum rule_id mapping_rule(const struct cell *cell)
{
	const struct mapping *mapping = cell->mapping;

	return mapping->shared || !mapping->exclusive ? RULE_FORK_SHARES : RULE_PROTECTION_AS_ASKED;
}

static void prove_page(const struct page_seen *seen, const struct cell *cell,
		       const struct page_model *page, size_t i)
{
	char expected[64], found[64];

	check(RULE_ENTRY, seen->at == page->at, i, "place before the access", place_name(page->at),
	      place_name(seen->at));
	check(mapping_rule(cell), seen->permission == page->permission, i,
	      "permission before the access", permission_name(page->permission),
	      permission_name(seen->permission));
	if (!page->exclusive_open && seen->exclusive_known)
		check(mapping_rule(cell), seen->exclusive == page->exclusive, i,
		      "exclusivity before the access",
		      page->exclusive ? "exclusive" : "not exclusive",
		      seen->exclusive ? "exclusive" : "not exclusive");
	if (page->shared) {
		snprintf(expected, sizeof(expected), "%s, page frame 0x%lx", place_name(page->at),
			 seen->pfn);
		snprintf(found, sizeof(found), "%s, page frame 0x%lx", place_name(seen->child_at),
			 seen->child_pfn);
		check(RULE_FORK_SHARES, seen->child_at == page->at && seen->child_pfn == seen->pfn,
		      i, "place for the child before the access", expected, found);
	}
	if (page->at != PLACE_NOWHERE)
		check(RULE_PROTECTION_AS_ASKED, seen->uffd_wp == page->uffd_wp, i,
		      "userfaultfd protection before the access", page->uffd_wp ? "on" : "off",
		      seen->uffd_wp ? "on" : "off");
	if (!page->soft_dirty_open)
		check(RULE_WRITES_ARE_TRACKED, seen->soft_dirty == page->soft_dirty, i,
		      "soft-dirty before the access", page->soft_dirty ? "written" : "clean",
		      seen->soft_dirty ? "written" : "clean");
}

void outcome_prove(const struct outcome *outcome, const struct cell *cell,
		   const struct model *before)
{
	size_t i;

	for (i = 0; i < outcome->pages; i++)
		prove_page(&outcome->before[i], cell, &before->page[i], i);
	if (report->failures)
		give_up();
}

static void place_text(char *text, size_t size, enum place at, bool same)
{
	snprintf(text, size, "%s, %s page frame", place_name(at), same ? "the same" : "another");
}

/* A frame that is no frame is the same as before when there was none before either. */
static bool same_frame(const struct page_seen *before, const struct page_seen *after)
{
	return before->pfn == after->pfn;
}

static void judge_page(const struct outcome *outcome, const struct model *after, size_t i)
{
	const struct page_seen *was = &outcome->before[i], *is = &outcome->after[i];
	const struct page_model *page = &after->page[i];
	char expected[64], seen[64];
	bool same = same_frame(was, is), child_same = was->child_pfn == is->child_pfn;

	place_text(expected, sizeof(expected), page->at, page->same_frame);
	place_text(seen, sizeof(seen), is->at, same);
	check(page->by[ASPECT_PLACE], is->at == page->at && same == page->same_frame, i, "place",
	      expected, seen);

	check(page->by[ASPECT_PERMISSION], is->permission == page->permission, i, "permission",
	      permission_name(page->permission), permission_name(is->permission));

	if (!page->exclusive_open && is->exclusive_known)
		check(page->by[ASPECT_EXCLUSIVITY], is->exclusive == page->exclusive, i,
		      "exclusivity", page->exclusive ? "exclusive" : "not exclusive",
		      is->exclusive ? "exclusive" : "not exclusive");

	if (page->child != DATA_NOT_LOOKED) {
		place_text(expected, sizeof(expected), page->child_at, page->child_same_frame);
		place_text(seen, sizeof(seen), is->child_at, child_same);
		check(page->by[ASPECT_CHILD_PLACE],
		      is->child_at == page->child_at && child_same == page->child_same_frame, i,
		      "place for the child", expected, seen);
		check(page->by[ASPECT_CHILD_DATA], outcome->child[i] == page->child, i,
		      "bytes that the child sees", data_name(page->child),
		      data_name(outcome->child[i]));
	}
	if (page->vma_read && !page->owner_open) {
		check(page->by[ASPECT_OWNER_DATA], outcome->owner[i] == page->owner, i,
		      "bytes that the owner sees", data_name(page->owner),
		      data_name(outcome->owner[i]));
		if (outcome->device[i] != DATA_NOT_LOOKED)
			check(page->by[ASPECT_OWNER_DATA], outcome->device[i] == page->owner, i,
			      "bytes that the device sees", data_name(page->owner),
			      data_name(outcome->device[i]));
	}
	if (page->medium != DATA_NOT_LOOKED)
		check(page->by[ASPECT_MEDIUM_DATA], outcome->medium[i] == page->medium, i,
		      "bytes on the medium", data_name(page->medium),
		      data_name(outcome->medium[i]));
	if (page->holder != DATA_NOT_LOOKED)
		check(page->by[ASPECT_HOLDER_DATA], outcome->holder[i] == page->holder, i,
		      "bytes that the reference's holder sees", data_name(page->holder),
		      data_name(outcome->holder[i]));
	if (page->reader != DATA_NOT_LOOKED)
		check(page->by[ASPECT_READER_DATA], outcome->reader[i] == page->reader, i,
		      "bytes that were read", data_name(page->reader),
		      data_name(outcome->reader[i]));
	if (!page->soft_dirty_open)
		check(page->by[ASPECT_TRACKING], is->soft_dirty == page->soft_dirty, i,
		      "soft-dirty", page->soft_dirty ? "written" : "clean",
		      is->soft_dirty ? "written" : "clean");
	if (is->uffd_wp != page->uffd_wp && page->at != PLACE_NOWHERE)
		check(RULE_NOTHING_ELSE_CHANGES, false, i, "userfaultfd protection",
		      page->uffd_wp ? "on" : "off", is->uffd_wp ? "on" : "off");
}

void outcome_judge(const struct outcome *outcome, const struct cell *cell,
		   const struct model *after)
{
	char expected[64], seen[64];
	bool right;
	size_t i;

	right = outcome->result == after->result ||
		(after->result_open && outcome->result == after->result_or);
	result_text(expected, sizeof(expected), after->result);
	result_text(seen, sizeof(seen), outcome->result);
	set_rule(after->result_by);
	expect_same(right, "result", expected, seen);
	/*
	 * What is left of a transfer that ends early may go through the page
	 * cache (blkdev_read_iter()).
	 */
	if ((cell->access->from_medium || cell->access->to_medium) && right &&
	    outcome->result > 0 && extent_row(cell->extent)->mix == MIX_NONE) {
		set_rule(RULE_DIRECT_IS_DIRECT);
		expect(!outcome->cached,
		       "%zu pages of the medium are in the page cache after a direct transfer",
		       outcome->cached);
	}
	for (i = 0; i < outcome->pages; i++)
		judge_page(outcome, after, i);
}

/*
 * JSON. Every string in it is one of ours: names and numbers, nothing that needs quoting.
 */
struct json {
	char text[16384];
	size_t used;
};

static void add(struct json *json, const char *fmt, ...) __printf(2, 3);

static void add(struct json *json, const char *fmt, ...)
{
	size_t room = sizeof(json->text) - json->used;
	va_list args;
	int wanted;

	va_start(args, fmt);
	wanted = vsnprintf(json->text + json->used, room, fmt, args);
	va_end(args);
	if (wanted < 0 || (size_t)wanted >= room)
		broken("an outcome does not fit its line");
	json->used += wanted;
}

static void add_state(struct json *json, const char *key, const struct page_seen *seen)
{
	add(json, "\"%s\":{\"at\":\"%s\",\"pfn\":\"0x%lx\",\"perm\":\"%s\",\"excl\":%s}", key,
	    place_name(seen->at), seen->pfn, permission_name(seen->permission),
	    !seen->exclusive_known ? "null" :
	    seen->exclusive	   ? "1" :
				     "0");
}

/* What became of the page, in one word for the table. */
static const char *moved(const struct page_seen *before, const struct page_seen *after)
{
	if (same_frame(before, after))
		return "stays";
	if (after->at == PLACE_NOWHERE)
		return "gone";
	if (before->at == PLACE_NOWHERE)
		return "faulted-in";
	return before->child_pfn && after->child_pfn == before->child_pfn ? "copied" : "migrated";
}

static void add_data(struct json *json, const char *key, const enum data *data, size_t pages)
{
	enum data whole = data[0];
	size_t i;

	for (i = 1; i < pages; i++)
		if (data[i] != whole)
			whole = DATA_MIXED;
	add(json, "%s\"%s\":\"%s\"", json->text[json->used - 1] == '{' ? "" : ",", key,
	    data_name(whole));
}

static void add_expected(struct json *json, const struct model *after)
{
	char result[64];
	size_t i;

	result_text(result, sizeof(result), after->result);
	add(json, "\"expect\":{\"result\":\"%s\",\"result-rule\":\"%s\",\"page\":[", result,
	    rule_get(after->result_by)->name);
	for (i = 0; i < after->pages; i++) {
		const struct page_model *page = &after->page[i];

		add(json,
		    "%s{\"at\":\"%s\",\"same\":%d,\"perm\":\"%s\",\"excl\":%s,\"owner\":\"%s\","
		    "\"child\":\"%s\",\"medium\":\"%s\",\"holder\":\"%s\"}",
		    i ? "," : "", place_name(page->at), page->same_frame,
		    permission_name(page->permission),
		    page->exclusive_open ? "null" :
		    page->exclusive	 ? "1" :
					   "0",
		    data_name(page->owner), data_name(page->child), data_name(page->medium),
		    data_name(page->holder));
	}
	add(json, "]}");
}

static void add_rules(struct json *json, const struct model *after)
{
	bool used[RULE_COUNT] = { false };
	size_t i, aspect, count = 0;

	used[after->result_by] = true;
	for (i = 0; i < after->pages; i++)
		for (aspect = 0; aspect < ASPECT_COUNT; aspect++)
			used[after->page[i].by[aspect]] = true;
	add(json, "\"rules\":[");
	for (i = 0; i < RULE_COUNT; i++)
		if (used[i] && i != RULE_NOTHING_ELSE_CHANGES)
			add(json, "%s\"%s\"", count++ ? "," : "", rule_get(i)->name);
	if (!count)
		add(json, "\"%s\"", rule_get(RULE_NOTHING_ELSE_CHANGES)->name);
	add(json, "]");
}

void outcome_record(const struct outcome *outcome, const struct cell *cell,
		    const struct model *after)
{
	static struct json json;
	char result[64];
	size_t i;

	json.used = 0;
	result_text(result, sizeof(result), outcome->result);
	add(&json,
	    "{\"v\":1,\"cell\":\"%s\",\"place\":\"%s\",\"mapping\":\"%s\",\"access\":\"%s\","
	    "\"extent\":\"%s\",\"pages\":%zu,",
	    report->name, place_name(cell->place), cell->mapping->name, cell->access->name,
	    cell->extent == EXTENT_ONE_PAGE ? "one" : extent_row(cell->extent)->name,
	    outcome->pages);
	add(&json, "\"result\":%ld,\"errno\":%s%s%s,\"page\":[", outcome->result,
	    outcome->result < 0 ? "\"" : "", outcome->result < 0 ? result : "null",
	    outcome->result < 0 ? "\"" : "");
	for (i = 0; i < outcome->pages; i++) {
		add(&json, "%s{", i ? "," : "");
		add_state(&json, "before", &outcome->before[i]);
		add(&json, ",");
		add_state(&json, "after", &outcome->after[i]);
		add(&json, ",\"moved\":\"%s\"}", moved(&outcome->before[i], &outcome->after[i]));
	}
	add(&json, "],\"data\":{");
	add_data(&json, "owner", outcome->owner, outcome->pages);
	add_data(&json, "child", outcome->child, outcome->pages);
	add_data(&json, "medium", outcome->medium, outcome->pages);
	add_data(&json, "device", outcome->device, outcome->pages);
	add_data(&json, "holder", outcome->holder, outcome->pages);
	add_data(&json, "reader", outcome->reader, outcome->pages);
	add(&json, "},\"devpages\":{\"before\":%zu,\"after\":%zu},", outcome->on_device_before,
	    outcome->on_device_after);
	add_rules(&json, after);
	add(&json, ",");
	add_expected(&json, after);
	add(&json, ",\"verdict\":\"%s\"}", report->failures ? "fail" : "pass");
	report_raw("outcome", json.text);
}
