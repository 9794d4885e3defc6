// SPDX-License-Identifier: GPL-2.0
#include "judge/prove.h"

#include <stdio.h>

#include "judge/model.h"
#include "report/report.h"

/*
 * The rule for the state before the access. The kernel under test has placed,
 * protected and shared the pages.
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

	expect_page(RULE_ENTRY, seen->at == page->at, i, "place before the access",
		    place_name(page->at), place_name(seen->at));
	expect_page(mapping_rule(cell), seen->permission == page->permission, i,
		    "permission before the access", permission_name(page->permission),
		    permission_name(seen->permission));
	if (!page->exclusive_open && seen->exclusive_known)
		expect_page(mapping_rule(cell), seen->exclusive == page->exclusive, i,
			    "exclusivity before the access",
			    page->exclusive ? "exclusive" : "not exclusive",
			    seen->exclusive ? "exclusive" : "not exclusive");
	if (page->shared) {
		snprintf(expected, sizeof(expected), "%s, page frame 0x%lx", place_name(page->at),
			 seen->pfn);
		snprintf(found, sizeof(found), "%s, page frame 0x%lx", place_name(seen->child_at),
			 seen->child_pfn);
		expect_page(RULE_FORK_SHARES,
			    seen->child_at == page->at && seen->child_pfn == seen->pfn, i,
			    "place for the child before the access", expected, found);
	}
	if (page->at != PLACE_NOWHERE)
		expect_page(RULE_PROTECTION_AS_ASKED, seen->uffd_wp == page->uffd_wp, i,
			    "userfaultfd protection before the access",
			    page->uffd_wp ? "on" : "off", seen->uffd_wp ? "on" : "off");
	if (!page->soft_dirty_open)
		expect_page(RULE_WRITES_ARE_TRACKED, seen->soft_dirty == page->soft_dirty, i,
			    "soft-dirty before the access", page->soft_dirty ? "written" : "clean",
			    seen->soft_dirty ? "written" : "clean");
}

struct state prove(const struct cell *cell)
{
	struct state state = look_at_pages(cell);
	struct model model;
	size_t i;

	model_before(&model, cell);
	for (i = 0; i < state.pages; i++)
		prove_page(&state.page[i], cell, &model.page[i], i);
	if (report->failures)
		give_up();
	return state;
}
