// SPDX-License-Identifier: GPL-2.0
#include "suite/suite.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "kernel/restore.h"
#include "reach/dm_suspend.h"
#include "report/kmsg.h"
#include "report/report.h"
#include "report/rules.h"
#include "suite/oracle.h"
#include "suite/prepare.h"
#include "suite/leftovers.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_BROKEN, VERDICT_SKIP };

/*
 * How far the run has come. In shared memory, since a process that runs many
 * cells writes their results itself, and the program has to go on where it
 * stopped when a cell takes it down.
 */
struct progress {
	size_t next;		/* index into plan[] of the test to run next */
	bool running;		/* plan[next] has begun and has no result line yet */
	int printed;		/* result lines */
	size_t told;		/* bytes of the running test's report that are printed */
	long checks;
	int verdicts[4];
	struct timespec began;
};

/*
 * A look at what has to be as it was (oracle.h) takes as long as a test, so one
 * is taken after so many.
 */
#define TESTS_PER_LOOK 16

static const struct suite *suite;
static struct progress *progress;
static const struct suite_test **plan;
static size_t planned, batch_end;
static FILE *out;
static int log_fd = -1, timeout_s = 30;
static unsigned long seed = 1;
static bool verbose;

unsigned long suite_seed(void)
{
	return seed;
}

long suite_stress(void)
{
	const char *text = getenv("HMM_COHERENT_STRESS");

	return text ? strtol(text, NULL, 10) : 0;
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void begin(const struct suite_test *test)
{
	report_begin(test->name);
	progress->told = 0;
	kmsg_warn_again();
	clock_gettime(CLOCK_MONOTONIC, &progress->began);
	progress->running = true;
	fprintf(out, "# begin %s\n", test->name);
	fflush(out);
	kmsg_mark("begin", test->name);
}

/*
 * What the harness printed about a test: its verdict, and the lines that a
 * person may want to see.
 */
struct caught {
	bool ok, not_ok;
};

static struct caught read_caught(int fd, bool show)
{
	struct caught seen = { 0 };
	char line[2048];
	FILE *stream;

	lseek(fd, 0, SEEK_SET);
	stream = fdopen(dup(fd), "r");
	if (!stream)
		return seen;
	while (fgets(line, sizeof(line), stream)) {
		line[strcspn(line, "\n")] = '\0';
		seen.ok |= !strncmp(line, "ok ", 3);
		seen.not_ok |= !strncmp(line, "not ok ", 7);
		if (show)
			report_line("log:", "%s", line);
	}
	fclose(stream);
	return seen;
}

static enum verdict judge(bool survived, int splats)
{
	bool hung = elapsed_ms(&progress->began) >= timeout_s * 1000L;

	if (splats || report->failures) {
		return VERDICT_FAIL;
	} else if (report->broken) {
		return VERDICT_BROKEN;
	} else if (report->skipped) {
		return VERDICT_SKIP;
	} else if (!survived) {
		report_line(hung ? "hang:" : "crash:",
			    hung ? "still running after %d s" :
				   "the test's process died (limit %d s)",
			    timeout_s);
		return VERDICT_FAIL;
	} else if (!report->finished) {
		report_line("broken:", "the test ended before its end");
		return VERDICT_BROKEN;
	} else if (!report->checks) {
		report_line("broken:", "no check ran");
		return VERDICT_BROKEN;
	}
	return VERDICT_PASS;
}

/* Print the lines of the report that are not printed yet. */
static void print_diagnostics(void)
{
	char *line, *next;

	for (line = report->text + progress->told; *line; line = next) {
		next = strchr(line, '\n') + 1;
		fprintf(out, "# %.*s", (int)(next - line), line);
	}
	progress->told = line - report->text;
	fflush(out);
}

/*
 * Write the result of plan[next], which ran in a process that ended well
 * (@survived) or not, and go on to the one after it.
 */
static void end(bool survived)
{
	const struct suite_test *test = plan[progress->next];
	int splats = log_fd >= 0 ? kmsg_collect(log_fd) : 0;
	enum verdict verdict = judge(survived, splats);
	long ms = elapsed_ms(&progress->began);

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
	fflush(out);
	progress->verdicts[verdict]++;
	progress->checks += report->checks;
	progress->next++;
	progress->running = false;
}

/*
 * Run @body with its stdout and stderr in a file, so that nothing but results
 * reaches the result stream.
 */
static int catch_output(void (*body)(void))
{
	int fd = memfd_create("output", 0), saved_out = dup(STDOUT_FILENO),
	    saved_err = dup(STDERR_FILENO);

	fflush(NULL);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) {
		perror("hmm-coherent: cannot catch the output of a test");
		exit(3);
	}
	body();
	fflush(NULL);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	return fd;
}

static const char *looked_since;	/* the first test that has not been looked after */

/*
 * The running test is over, or the cell; its report is open. A skip has done
 * nothing, and is not to become a failure of another's.
 */
static void look_around(bool alone)
{
	static int tests;
	const int failures = report->failures;
	const bool last = progress->next + 1 == planned ||
			  (!alone && progress->next + 1 == batch_end);

	/* What a test that failed has left behind is its own. */
	if (report->skipped || (++tests < TESTS_PER_LOOK && !last && !failures && !report->broken))
		return;
	oracle_end();
	if (report->failures > failures && tests > 1)
		report_line("note:",
			    "this is looked at after every %d tests: it may also be one of those "
			    "since %s",
			    TESTS_PER_LOOK, looked_since);
	tests = 0;
	looked_since = NULL;
}

static void run_next_test(void)
{
	suite->run_test(plan[progress->next], timeout_s);
}

/* A test that cannot run, because of what the kernel did before. */
static bool run_doomed(void)
{
	begin(plan[progress->next]);
	if (!report_all_failed())
		return false;
	report_finish();
	end(true);
	return true;
}

static void run_test(void)
{
	struct caught caught;
	pid_t stuck = 0;
	int fd, left;

	if (run_doomed())
		return;
	if (!looked_since)
		looked_since = plan[progress->next]->name;
	oracle_begin(true);
	fd = catch_output(run_next_test);
	/* At once: a kernel that lets checks fail may not survive what comes after the test. */
	if (report->failures)
		print_diagnostics();
	left = leftovers_kill(&stuck);
	restore_all();
	look_around(true);
	caught =
		read_caught(fd, verbose || report->failures || report->broken || !report->finished);
	close(fd);
	/*
	 * A test that gave up leaves its children to their death signal; one
	 * that finished has reaped them.
	 */
	if (stuck) {
		set_rule(RULE_KERNEL_SURVIVES);
		expect(false, "process %d does not end after SIGKILL: it hangs in the kernel",
		       stuck);
	} else if (left && report->finished && !report->skipped) {
		report->broken = true;
		report_line("broken:", "the test left processes running");
	}
	if (caught.not_ok && report->finished && !report->broken && !report->failures)
		expect(false, "the harness reports a failure");
	end(caught.ok && !caught.not_ok);
}

void suite_run_cells(void)
{
	/*
	 * A reader of the kernel log of its own: the position is part of the
	 * open file, and the program needs its own later.
	 */
	log_fd = kmsg_open();
	/* What goes wrong in the setup is told as the first cell's, and counts against its time. */
	begin(plan[progress->next]);
	alarm(timeout_s);
	if (suite->cells_setup)
		suite->cells_setup();
	oracle_begin(false);
	while (progress->next < batch_end) {
		if (!progress->running)
			begin(plan[progress->next]);
		if (!looked_since)
			looked_since = plan[progress->next]->name;
		alarm(timeout_s);
		suite->run_cell(plan[progress->next]);
		alarm(0);
		look_around(false);
		end(true);
		/*
		 * Whatever went wrong may have left something behind: the next
		 * cell gets a fresh process.
		 */
		if (report->failures || report->broken)
			_exit(1);
	}
}

static void run_batch(void)
{
	suite->run_cells(timeout_s * (int)(batch_end - progress->next + 1));
}

static void run_cells(void)
{
	size_t before = progress->next;
	int fd = catch_output(run_batch);
	pid_t stuck = 0;

	(void)leftovers_kill(&stuck);
	if (!progress->running && progress->next == before) {
		begin(plan[progress->next]);
		report->broken = true;
		report_line("broken:", "the process for the cells did not start");
	}
	if (progress->running) {
		if (stuck) {
			set_rule(RULE_KERNEL_SURVIVES);
			expect(false,
			       "process %d does not end after SIGKILL: it hangs in the kernel",
			       stuck);
		}
		read_caught(fd, true);
		end(false);
	}
	close(fd);
	/* The process had a reader of its own for its cells; what they said is not news. */
	if (log_fd >= 0)
		kmsg_skip(log_fd);
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: %s [--list] [--run-list FILE] [--timeout SECONDS] [--seed N] [--verbose] "
		"[GLOB...]\n"
		"Runs all of its tests, those that match a GLOB, or those named in FILE; results "
		"are KTAP on stdout.\n",
		suite->program);
}

static const struct suite_test *find(const char *name)
{
	size_t i;

	for (i = 0; i < suite->count; i++)
		if (!strcmp(suite->tests[i].name, name))
			return &suite->tests[i];
	return NULL;
}

static void plan_add(const struct suite_test *test)
{
	plan = realloc(plan, (planned + 1) * sizeof(*plan));
	if (!plan) {
		perror(suite->program);
		exit(3);
	}
	plan[planned++] = test;
}

static void plan_from_list(const char *path)
{
	FILE *list = fopen(path, "r");
	char name[REPORT_NAME_MAX];

	if (!list) {
		fprintf(stderr, "%s: %s: %s\n", suite->program, path, strerror(errno));
		exit(2);
	}
	while (fgets(name, sizeof(name), list)) {
		name[strcspn(name, "\n")] = '\0';
		if (!find(name)) {
			fprintf(stderr, "%s: no test is named '%s'; --list shows the names\n",
				suite->program, name);
			exit(2);
		}
		plan_add(find(name));
	}
	fclose(list);
}

static void plan_from_globs(char **globs, int count)
{
	size_t i, before;
	int g;

	for (g = 0; g < count; g++) {
		before = planned;
		for (i = 0; i < suite->count; i++)
			if (!fnmatch(globs[g], suite->tests[i].name, 0))
				plan_add(&suite->tests[i]);
		if (planned == before) {
			fprintf(stderr, "%s: no test matches '%s'; --list shows the names\n",
				suite->program, globs[g]);
			exit(2);
		}
	}
	if (!count)
		for (i = 0; i < suite->count; i++)
			plan_add(&suite->tests[i]);
}

static void drop_not_applicable(void)
{
	size_t i, kept = 0;
	const char *why;

	for (i = 0; i < planned; i++) {
		why = suite->not_applicable ? suite->not_applicable(plan[i]) : NULL;
		if (why)
			fprintf(out, "# not-applicable: %s: %s\n", plan[i]->name, why);
		else
			plan[kept++] = plan[i];
	}
	planned = kept;
}

/*
 * All processes of a test run on one CPU: the LRU and mlock batches that hold
 * references are per CPU, and do_wp_page() drains only the local one
 * (mm/memory.c).
 */
static void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void run_plan(void)
{
	while (progress->next < planned) {
		if (!plan[progress->next]->cell || report_all_failed()) {
			run_test();
			continue;
		}
		for (batch_end = progress->next; batch_end < planned && plan[batch_end]->cell;
		     batch_end++)
			;
		run_cells();
	}
}

static unsigned long number(const char *text, const char *option)
{
	char *rest;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &rest, 0);
	if (errno || *rest || rest == text || *text == '-') {
		fprintf(stderr, "%s: --%s takes a number, not '%s'\n", suite->program, option,
			text);
		exit(2);
	}
	return value;
}

static int list(void)
{
	size_t i;

	for (i = 0; i < suite->count; i++)
		printf("%s\t%s\n", suite->tests[i].name, suite->tests[i].what);
	return 0;
}

static const char *read_options(int argc, char **argv, bool *only_list)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "run-list", required_argument, NULL, 'r' },
		{ "timeout", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *run_list = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "lr:t:s:vh", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			*only_list = true;
			break;
		case 'r':
			run_list = optarg;
			break;
		case 't':
			timeout_s = number(optarg, "timeout");
			if (timeout_s < 1 || timeout_s > 3600) {
				fprintf(stderr, "%s: --timeout takes 1 to 3600 seconds\n",
					suite->program);
				exit(2);
			}
			break;
		case 's':
			seed = number(optarg, "seed");
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	return run_list;
}

/* Results get a stream of their own before anything can be printed by mistake. */
static void open_out(void)
{
	out = fdopen(dup(STDOUT_FILENO), "w");
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (!out || progress == MAP_FAILED) {
		perror(suite->program);
		exit(3);
	}
}

int suite_main(const struct suite *the_suite, int argc, char **argv)
{
	bool only_list = false;
	const char *run_list;

	if (argc == 3 && !strcmp(argv[1], DM_RESUMER))
		return dm_resumer(argv[2]);
	suite = the_suite;
	run_list = read_options(argc, argv, &only_list);
	if (only_list)
		return list();
	if (run_list)
		plan_from_list(run_list);
	else
		plan_from_globs(argv + optind, argc - optind);

	open_out();
	report_create();
	restore_create();
	report_begin(suite->program);
	stay_on_this_cpu();
	/* Orphans of a test become children of this program, which then can find and end them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fprintf(out, "TAP version 13\n");
	claims_print(out);
	fflush(out);
	log_fd = kmsg_open();
	if (suite->preparation.prepare)
		prepare_guarded(&suite->preparation, out, timeout_s);
	drop_not_applicable();
	fprintf(out, "1..%zu\n", planned);
	fflush(out);
	run_plan();
	fprintf(out, "# end %s ran=%d checks=%ld\n", suite->program, progress->printed,
		progress->checks);
	fflush(out);

	if (progress->verdicts[VERDICT_FAIL])
		return 1;
	if (progress->verdicts[VERDICT_BROKEN] ||
	    (!progress->printed && !planned && !run_list && !suite->count))
		return 3;
	return progress->verdicts[VERDICT_PASS] ? 0 : 4;
}
