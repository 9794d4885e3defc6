/* SPDX-License-Identifier: GPL-2.0 */
/*
 * prepare.h - a look at the machine before the first test, which the kernel
 * under test may not survive
 */
#ifndef HMM_COHERENT_PREPARE_H
#define HMM_COHERENT_PREPARE_H

#include <stddef.h>
#include <stdio.h>

/* Memory that is copied from the process that prepares to the one that runs the tests. */
struct area {
	void *start;
	size_t size;		/* bytes */
};

struct preparation {
	/*
	 * Provide what the tests need and the machine may not have. Runs before
	 * prepare(). May be NULL.
	 */
	void (*provide)(FILE *out);
	/*
	 * Find out about this machine; prints "# fact:" lines. Runs once,
	 * before the plan, and not for --list, in a process of its own, since
	 * the kernel under test may kill it or never let it end. What it finds
	 * out and the tests need lies in the areas @kept. May be NULL.
	 */
	void (*prepare)(FILE *out);
	const struct area *kept;
	size_t areas;
};

/*
 * Call preparation->provide(@out), and then preparation->prepare(@out) in a
 * process of its own, for at most @seconds, and copy the areas
 * preparation->kept back. When that process exits with a status of its own, so
 * does this program. When it is killed or does not end, all tests fail under
 * the rule kernel-survives (report_fail_all()).
 */
void prepare_guarded(const struct preparation *preparation, FILE *out, int seconds);

#endif
