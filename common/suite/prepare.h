/* SPDX-License-Identifier: GPL-2.0 */
/*
 * prepare.h - probe the machine before the first test, in a process that the
 * kernel under test may kill
 */
#ifndef HMM_COHERENT_PREPARE_H
#define HMM_COHERENT_PREPARE_H

#include <stddef.h>
#include <stdio.h>

/* Memory that is copied from the process that probes to the one that runs the tests. */
struct area {
	void *start;
	size_t size;		/* bytes */
};

struct preparation {
	/*
	 * Provide what the tests need, such as the driver. Runs before
	 * prepare(). May be NULL.
	 */
	void (*provide)(FILE *out);
	/*
	 * Probe this machine, and print "# fact:" lines. Runs once, before the
	 * plan, and not for --list. It runs in a separate process, since the
	 * kernel under test may kill it or let it hang. The results for the
	 * tests are in the areas @kept.
	 */
	void (*prepare)(FILE *out);
	const struct area *kept;
	size_t areas;
};

/*
 * Call preparation->provide(@out), then preparation->prepare(@out) in a
 * separate process for at most @seconds, and copy the areas preparation->kept
 * back. If that process exits, the program exits with the same status. If a
 * check in it fails, or if it is killed or does not end (rule kernel-survives),
 * all tests fail (report_fail_all()).
 */
void prepare_guarded(const struct preparation *preparation, FILE *out, int seconds);

#endif
