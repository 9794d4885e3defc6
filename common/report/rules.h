/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules.h - what must happen, and why
 *
 * A rule is a sentence about the kernel, the claim it serves (S1..S9, see
 * README.md), and the function that decides it. Rules are derived from the
 * kernel's source and documentation, never from the result of a run. Scenarios
 * cite them with set_rule(); the matrix computes a cell's whole outcome from
 * them (see model.h).
 */
#ifndef HMM_COHERENT_RULES_H
#define HMM_COHERENT_RULES_H

#include <stdio.h>

#include "report/rules_access.h"
#include "report/rules_memory.h"

struct rule {
	const char *name;
	const char *claim;
	const char *source;
	const char *sentence;
};

/* One row for each rule: identifier, name, claim, source, sentence. */
#define RULES(RULE) RULES_OF_ACCESS(RULE) RULES_OF_MEMORY(RULE)

#define RULE_ID(id, name, claim, source, sentence) RULE_##id,
enum rule_id { RULES(RULE_ID) RULE_COUNT };
#undef RULE_ID

const struct rule *rule_get(int id);

/* A line "# fact: rule NAME|CLAIM|SOURCE|SENTENCE". */
void rule_print(FILE *out, int id);

/* rule_print() of each rule. */
void rules_print(FILE *out);

/* A line "# fact: claim CLAIM|NAME|SENTENCE" for each claim. */
void claims_print(FILE *out);

#endif
