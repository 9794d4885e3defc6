// SPDX-License-Identifier: GPL-2.0
#include "report/rules.h"

#define RULE_ROW(id, name, claim, source, sentence) [RULE_##id] = { name, claim, source, sentence },
static const struct rule rules[RULE_COUNT] = { RULES(RULE_ROW) };

const struct rule *rule_get(int id)
{
	return &rules[id];
}

void rules_print(FILE *out)
{
	int i;

	for (i = 0; i < RULE_COUNT; i++)
		fprintf(out, "# fact: rule %s|%s|%s|%s\n", rules[i].name, rules[i].claim,
			rules[i].source, rules[i].sentence);
}
