// SPDX-License-Identifier: GPL-2.0
#include "report/rules.h"

#include "report/compiler.h"

/*
 * The claims that the suite checks: claim, name, and the sentence that is true
 * when all checks of the claim pass. S6 has no rule of its own: it is
 * longterm-leaves-device in tests of GUP-fast (report/claims.py).
 */
static const char *const claims[][3] = {
	{ "S1", "present",
	  "a coherent page has a struct page and counts as present; a private page does not" },
	{ "S2", "entry", "migrate_vma is the only way onto a device" },
	{ "S3", "zap", "unmapping drops the reference and returns the page to the driver once" },
	{ "S4", "refcount", "a mapped page has one reference for each mapping, without an offset" },
	{ "S5", "reuse",
	  "an exclusive page is written in place, also after R/O; a shared page is copied" },
	{ "S6", "fast check", "GUP-fast leaves no long-term pin on a device page" },
	{ "S7", "no long pin",
	  "a long-term pin first moves the page to system memory; a short-term pin does not" },
	{ "S8", "movable", "a long-term pin moves the page out of ZONE_MOVABLE first" },
	{ "S9", "same rules", "GUP and GUP-fast have the same rules and the same outcomes" },
};

#define RULE_ROW(id, name, claim, source, sentence) [RULE_##id] = { name, claim, source, sentence },
static const struct rule rules[RULE_COUNT] = { RULES(RULE_ROW) };

const struct rule *rule_get(int id)
{
	return &rules[id];
}

void rule_print(FILE *out, int id)
{
	fprintf(out, "# fact: rule %s|%s|%s|%s\n", rules[id].name, rules[id].claim,
		rules[id].source, rules[id].sentence);
}

void rules_print(FILE *out)
{
	int i;

	for (i = 0; i < RULE_COUNT; i++)
		rule_print(out, i);
}

void claims_print(FILE *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(claims); i++)
		fprintf(out, "# fact: claim %s|%s|%s\n", claims[i][0], claims[i][1], claims[i][2]);
}
