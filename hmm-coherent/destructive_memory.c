// SPDX-License-Identifier: GPL-2.0
/*
 * A test that may crash a kernel: migration back that gets no memory
 */
#include "destructive.h"

#include "kernel/fail_nth.h"

/* Failure points of the migration of PAGES pages. */
#define POINTS_MAX 100

/*
 * failures.*.back does the same for each kind of pages, on kernels that
 * survive it.
 */
SCENARIO(destructive, back_without_memory,
	 "a migration back that gets no memory for one of several pages loses none of them")
{
	struct story *s = &self->story;
	unsigned int n = 0;
	bool failed;
	size_t i;

	fail_nth_prepare();
	do {
		story_migrate_to_device(s);
		fail_nth(++n);
		(void)!device_migrate_back(&s->device, s->buffer.addr, PAGES);
		failed = fail_nth_end();
		set_rule(RULE_FAILURE_LOSES_NOTHING);
		for (i = 0; i < PAGES; i++) {
			must(in_memory(story_page(s, i).at) ||
			     story_page(s, i).at == PLACE_COHERENT,
			     "failure %u: page %zu is neither in memory nor on the device", n, i);
			expect_owner_sees(s, i, BY_OWNER);
		}
	} while (failed && n < POINTS_MAX);
	expect(!failed, "the migration has more than %d failure points", POINTS_MAX);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_destructive_memory", argc, argv);
}
