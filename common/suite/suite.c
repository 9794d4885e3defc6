// SPDX-License-Identifier: GPL-2.0
#include "suite/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/restore.h"
#include "reach/dm_suspend.h"
#include "report/kmsg.h"
#include "report/report.h"
#include "report/rules.h"
#include "see/held_files.h"
#include "suite/architecture.h"
#include "suite/candidates.h"
#include "suite/oracle.h"
#include "suite/output.h"
#include "suite/plan.h"
#include "suite/prepare.h"
#include "suite/leftovers.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_BROKEN, VERDICT_SKIP };

/*
 * The progress of the run. It is in shared memory, since the process that runs
 * the cells prints their results, and the program continues after the cell that
 * killed it.
 */
struct progress {
	size_t next;		/* index into plan.tests[] of the test to run next */
	bool running;		/* plan.tests[next] has begun and its result is not printed yet */
	int printed;		/* result lines */
	size_t told;		/* bytes of the running test's report that are already printed */
	long checks;
	int verdicts[4];
	long began_ms;
};

static const struct suite *suite;
static struct progress *progress;
static struct suite_options options;
static struct plan plan;
static const char **why_not;	/* for each test of the plan: why it does not apply, or NULL */
static size_t batch_end;
static FILE *out;
static int log_fd = -1;

unsigned long suite_seed(void)
{
	return options.seed;
}

long suite_stress(void)
{
	const char *text = getenv("HMM_COHERENT_STRESS");

	return text ? strtol(text, NULL, 10) : 0;
}

int suite_read_log(void)
{
	return log_fd >= 0 ? kmsg_collect(log_fd) : 0;
}

static void begin(const struct suite_test *test)
{
	report_begin(test->name);
	progress->told = 0;
	kmsg_warn_again();
	progress->began_ms = now_ms();
	progress->running = true;
	fprintf(out, "# begin %s\n", test->name);
	fflush(out);
	kmsg_mark("begin", test->name);
}

/*
 * The process of the running test has ended. If the kernel killed it or let it
 * hang, report that, whatever else is found out about the test afterwards.
 */
static bool expect_survived(bool survived)
{
	const bool hung = now_ms() - progress->began_ms >= options.timeout_s * 1000L;

	/* broken(), skip() and a failed check also end the process. */
	if (survived || report->broken || report->skipped || report->failures)
		return true;
	report_line(hung ? "hang:" : "crash:",
		    hung ? "still running after %d s" : "the test's process died (limit %d s)",
		    options.timeout_s);
	return false;
}

static enum verdict judge(bool survived, int splats)
{
	if (splats || report->failures || !survived) {
		return VERDICT_FAIL;
	} else if (report->broken) {
		return VERDICT_BROKEN;
	} else if (report->skipped) {
		return VERDICT_SKIP;
	} else if (!report->finished) {
		report_line("broken:", "the test did not reach its end");
		return VERDICT_BROKEN;
	} else if (!report->checks) {
		report_line("broken:", "the test made no check");
		return VERDICT_BROKEN;
	}
	return VERDICT_PASS;
}

/* Print the new lines of the report. */
static void print_diagnostics(void)
{
	char *line, *next;

	for (line = report->text + progress->told; *line; line = next) {
		next = strchr(line, '\n') + 1;
		fprintf(out, "# %.*s", (int)(next - line), line);
	}
	progress->told = line - report->text;
}

/*
 * Print the result of plan.tests[next], as expect_survived() returned @survived;
 * go to the next, with whose begin() the output is written: a write to a port is slow.
 */
static void end(bool survived)
{
	const struct suite_test *test = plan.tests[progress->next];
	int splats = log_fd >= 0 ? kmsg_collect(log_fd) : 0;
	enum verdict verdict = judge(survived, splats);
	long ms = now_ms() - progress->began_ms;

	kmsg_mark("end", test->name);
	if (log_fd >= 0)
		kmsg_skip(log_fd);
	print_diagnostics();
	report_print_checks(out);
	progress->printed++;
	if (verdict == VERDICT_SKIP)
		fprintf(out, "ok %d %s # SKIP %s\n", progress->printed, test->name, report->reason);
	else
		fprintf(out, "%s %d %s # time=%ldms\n", verdict == VERDICT_PASS ? "ok" : "not ok",
			progress->printed, test->name, ms);
	progress->verdicts[verdict]++;
	progress->checks += report->checks;
	progress->next++;
	progress->running = false;
}

/*
 * The body of the running test or cell has ended, its result is not printed
 * yet. A skipped test has done nothing, so it must not fail for what another
 * test left. Cells share their setup: its settings last as long as their process.
 */
static void look_around(bool alone)
{
	int failures;
	const bool last = progress->next + 1 == plan.count ||
			  (!alone && progress->next + 1 == batch_end);

	if (alone || last || report->failures || report->broken)
		restore_all();
	failures = report->failures;
	if (report->skipped)
		return;
	/* Check after a failed test, so that what it left is not assigned to another one. */
	if (!candidates_add(plan.tests[progress->next]->name) && !last && !failures &&
	    !report->broken)
		return;
	oracle_end();
	if (report->failures > failures)
		candidates_print();
	candidates_clear();
}

static void run_next_test(void)
{
	suite->run_test(plan.tests[progress->next], options.timeout_s);
}

/* Fail a test that cannot run, because the kernel failed before. */
static bool run_doomed(void)
{
	begin(plan.tests[progress->next]);
	if (!report_all_failed())
		return false;
	report_finish();
	end(true);
	return true;
}

/* Fail the running test if a process of it, @stuck unless 0, survives SIGKILL. */
static bool expect_none_stuck(pid_t stuck)
{
	if (stuck) {
		set_rule(RULE_KERNEL_SURVIVES);
		expect(false, "process %d does not end after SIGKILL: it hangs in the kernel",
		       stuck);
	}
	return !stuck;
}

static void run_test(void)
{
	struct caught caught;
	pid_t stuck = 0;
	bool survived;
	int fd, left;

	if (run_doomed())
		return;
	oracle_begin(true);
	fd = output_catch(run_next_test);
	caught = output_read(fd, false);
	survived = expect_survived(caught.ok && !caught.not_ok);
	/* Print failed checks at once: the kernel may crash in the clean-up after the test. */
	if (report->failures) {
		print_diagnostics();
		fflush(out);
	}
	left = leftovers_kill(&stuck);
	look_around(true);
	(void)output_read(fd, options.verbose || report->failures || report->broken ||
			      !report->finished);
	close(fd);
	/*
	 * The children of a test that gave up end by their death signal; a test
	 * that finished must have reaped them.
	 */
	if (expect_none_stuck(stuck) && left && report->finished && !report->skipped) {
		report->broken = true;
		report_line("broken:", "the test left running processes behind");
	}
	end(survived);
}

void suite_run_cells(void)
{
	/* Another reader of the log: the position is a property of the open file. */
	log_fd = kmsg_open();
	/*
	 * A failure of the setup is reported for the first cell, and the setup
	 * counts against its time limit.
	 */
	begin(plan.tests[progress->next]);
	alarm(options.timeout_s);
	if (suite->cells_setup)
		suite->cells_setup();
	oracle_begin(false);
	do {
		if (!progress->running)
			begin(plan.tests[progress->next]);
		alarm(options.timeout_s);
		suite->run_cell(plan.tests[progress->next]);
		alarm(0);
		look_around(false);
		end(true);
		/* A failed cell may have left something behind: a new process runs the next. */
	} while (progress->next < batch_end && !report->failures && !report->broken);
	fflush(out);
	if (progress->next < batch_end)
		_exit(1);
}

static void run_batch(void)
{
	suite->run_cells(options.timeout_s * (int)(batch_end - progress->next + 1));
}

static void run_cells(void)
{
	size_t before = progress->next;
	int fd = output_catch(run_batch);
	const bool survived = !progress->running || expect_survived(false);
	pid_t stuck = 0;

	(void)leftovers_kill(&stuck);
	if (!progress->running && progress->next == before) {
		begin(plan.tests[progress->next]);
		report->broken = true;
		report_line("broken:", "the process for the cells did not start");
	}
	if (progress->running) {
		restore_all();
		expect_none_stuck(stuck);
		output_read(fd, true);
		end(survived);
	}
	close(fd);
	/* The process of the cells has read these messages. */
	if (log_fd >= 0)
		kmsg_skip(log_fd);
}

static void run_plan(void)
{
	while (progress->next < plan.count) {
		if (!plan.tests[progress->next]->cell || report_all_failed()) {
			run_test();
			continue;
		}
		for (batch_end = progress->next;
		     batch_end < plan.count && plan.tests[batch_end]->cell; batch_end++)
			;
		run_cells();
	}
}

/*
 * Probe the machine, and look which tests apply. Opens devices and rings, which
 * the kernel may not survive, so it runs in the process of prepare_guarded().
 */
static void prepare(FILE *to)
{
	size_t i;

	suite->preparation.prepare(to);
	if (report_all_will_fail())
		return;
	for (i = 0; i < plan.count; i++)
		why_not[i] = architecture_lacks(plan.tests[i]->name) ?:
			     (suite->not_applicable ? suite->not_applicable(plan.tests[i]) : NULL);
}

/* Duplicate stdout for the results, before anything else can print to it. */
static void open_out(void)
{
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_ANONYMOUS;

	out = fdopen(dup(STDOUT_FILENO), "w");
	progress = mmap(NULL, sizeof(*progress), prot, flags, -1, 0);
	why_not = mmap(NULL, (plan.count + 1) * sizeof(*why_not), prot, flags, -1, 0);
	if (!out || progress == MAP_FAILED || why_not == MAP_FAILED) {
		perror(suite->set.program);
		exit(3);
	}
}

int suite_main(const struct suite *the_suite, int argc, char **argv)
{
	struct preparation preparation = the_suite->preparation;

	if (argc == 3 && !strcmp(argv[1], DM_RESUMER))
		return dm_resumer(argv[2]);
	if (argc == 3 && !strcmp(argv[1], HELD_FILES_HOLDER))
		return held_files_main(argv[2]);
	suite = the_suite;
	options = suite_options_read(suite->set.program, argc, argv);
	if (options.list) {
		plan_list(&suite->set);
		return 0;
	}
	plan = plan_make(&suite->set, &options);

	open_out();
	report_create();
	restore_create();
	report_begin(suite->set.program);
	/*
	 * The LRU and mlock batches that hold references are per CPU, and
	 * do_wp_page() drains only the local one (mm/memory.c).
	 */
	stay_on_this_cpu();
	/* Orphaned processes of a test become children of this program, which kills them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fprintf(out, "TAP version 13\n");
	claims_print(out);
	fflush(out);
	log_fd = kmsg_open();
	preparation.prepare = prepare;
	prepare_guarded(&preparation, out, options.timeout_s);
	plan_drop(&plan, why_not, out);
	fprintf(out, "1..%zu\n", plan.count);
	fflush(out);
	run_plan();
	fprintf(out, "# end %s ran=%d checks=%ld\n", suite->set.program, progress->printed,
		progress->checks);
	fflush(out);

	if (progress->verdicts[VERDICT_FAIL])
		return 1;
	if (progress->verdicts[VERDICT_BROKEN] ||
	    (!progress->printed && !plan.count && !options.run_list && !suite->set.count))
		return 3;
	return progress->verdicts[VERDICT_PASS] ? 0 : 4;
}
