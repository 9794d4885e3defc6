// SPDX-License-Identifier: GPL-2.0
#include "judge/record.h"

#include <stdarg.h>
#include <stdio.h>

#include "report/report.h"
#include "report/result.h"

/* A line of JSON. Its strings are names and numbers that need no quoting. */
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
		broken("the JSON text of an outcome is too long");
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

/* What happened to the page, in one word for the table. */
static const char *moved(const struct page_seen *before, const struct page_seen *after)
{
	if (before->pfn == after->pfn)
		return "stays";
	if (after->at == PLACE_NOWHERE)
		return "gone";
	if (before->at == PLACE_NOWHERE)
		return "faulted-in";
	return before->child_pfn && after->child_pfn == before->child_pfn ? "copied" : "migrated";
}

static void add_data(struct json *json, const struct state *state)
{
	static const char *const names[OBSERVER_COUNT] = {
		[OBSERVER_OWNER] = "owner",   [OBSERVER_CHILD] = "child",
		[OBSERVER_MEDIUM] = "medium", [OBSERVER_DEVICE] = "device",
		[OBSERVER_HOLDER] = "holder", [OBSERVER_READER] = "reader",
	};
	int observer;
	size_t i;

	for (observer = 0; observer < OBSERVER_COUNT; observer++) {
		enum data whole = state->page[0].data[observer];

		for (i = 1; i < state->pages; i++)
			if (state->page[i].data[observer] != whole)
				whole = DATA_MIXED;
		add(json, "%s\"%s\":\"%s\"", observer ? "," : "", names[observer],
		    data_name(whole));
	}
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

void record(const struct cell *cell, const struct outcome *outcome, const struct model *after)
{
	static struct json json;
	char result[64];
	size_t i;

	json.used = 0;
	result_text(result, sizeof(result), outcome->result.value);
	add(&json,
	    "{\"v\":1,\"cell\":\"%s\",\"place\":\"%s\",\"mapping\":\"%s\",\"access\":\"%s\","
	    "\"extent\":\"%s\",\"pages\":%zu,",
	    report->name, place_name(cell->place), cell->mapping->name, cell->access->name,
	    cell->extent == EXTENT_ONE_PAGE ? "one" : extent_row(cell->extent)->name,
	    outcome->after.pages);
	add(&json, "\"result\":%ld,\"errno\":%s%s%s,\"page\":[", outcome->result.value,
	    outcome->result.value < 0 ? "\"" : "", outcome->result.value < 0 ? result : "null",
	    outcome->result.value < 0 ? "\"" : "");
	for (i = 0; i < outcome->after.pages; i++) {
		add(&json, "%s{", i ? "," : "");
		add_state(&json, "before", &outcome->before.page[i]);
		add(&json, ",");
		add_state(&json, "after", &outcome->after.page[i]);
		add(&json, ",\"moved\":\"%s\"}",
		    moved(&outcome->before.page[i], &outcome->after.page[i]));
	}
	add(&json, "],\"data\":{");
	add_data(&json, &outcome->after);
	add(&json, "},\"devpages\":{\"before\":%zu,\"after\":%zu},", outcome->before.on_devices,
	    outcome->after.on_devices);
	add_rules(&json, after);
	add(&json, ",");
	add_expected(&json, after);
	add(&json, ",\"verdict\":\"%s\"}", report->failures ? "fail" : "pass");
	report_raw("outcome", json.text);
}
