// SPDX-License-Identifier: GPL-2.0
#include "explore/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore/world.h"
#include "report/report.h"

/* For one operation and its comparison, which take some milliseconds on an idle machine. */
#define STEP_S 30
/* Until a process that was killed has ended, unless it hangs in the kernel. */
#define KILL_MS 10000
#define POLL_MS 500

/* In memory that is shared with the worker. */
struct job {
	struct sequence sequence;
	bool twin, has_flip;
	struct flip flip;
	struct run run;
	unsigned int steps;	/* operations that are done */
};

static int (*log_reader)(void);
static struct flip wrong;
static struct job *job;
static pid_t worker;
static int to_worker = -1, from_worker = -1;
static int patience = STEP_S;
static bool had_died;	/* the kernel, before the worker began */

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_RIGHT] = "as the model says", [OUTCOME_DIFFERS] = "differs from the model",
		[OUTCOME_COMPLAINT] = "the kernel complains",
		[OUTCOME_DIED] = "its process was killed", [OUTCOME_HUNG] = "it did not end",
		[OUTCOME_LOST] = "the kernel does not go on after it",
		[OUTCOME_BROKEN] = "the suite could not do its part",
	};

	return names[outcome];
}

void worker_waits(int seconds)
{
	patience = seconds;
}

void worker_reads_log(int (*read_log)(void))
{
	log_reader = read_log;
}

bool worker_is_wrong(const char *effect)
{
	size_t i, count, length = strcspn(effect, ":");
	const struct op_row *rows = op_rows(&count);
	int e;

	for (i = 0; i < count; i++)
		for (e = 0; e < EFFECT_COUNT; e++)
			if (!strncmp(effect, rows[i].name, length) && !rows[i].name[length] &&
			    effect[length] && !strcmp(effect + length + 1, mm_effect_name(e)))
				wrong = (struct flip){ &rows[i], e };
	return wrong.row;
}

static void __noreturn work(int from, int to)
{
	bool failed = false;
	char letter;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sequence_steps = &job->steps;
	world_open();
	/* What failed has left something behind. */
	while (!failed) {
		if (read(from, &letter, 1) != 1)
			syscall_failed("read from the pipe of the worker", errno);
		job->run = sequence_run(&job->sequence, job->twin,
					job->has_flip ? &job->flip : NULL);
		/* After the answer the job is no longer this process's. */
		failed = job->run.failed_at >= 0;
		if (write(to, &letter, 1) != 1)
			syscall_failed("write to the pipe of the worker", errno);
	}
	_exit(0);
}

static void start(void)
{
	int there[2], back[2];

	if (!job) {
		job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
		if (job == MAP_FAILED)
			not_prepared("no memory that is shared with a worker");
		signal(SIGPIPE, SIG_IGN);
	}
	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		not_prepared("pipe: %s", strerror(errno));
	worker = fork();
	if (worker < 0)
		syscall_failed("fork", errno);
	if (!worker) {
		/* Processes of a sequence end with the worker: they are in its group. */
		setpgid(0, 0);
		close(there[1]);
		close(back[0]);
		work(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	to_worker = there[1];
	from_worker = back[0];
}

/* Wait for a process that ends, or was killed. False if it does not end. */
static bool has_ended(pid_t pid, int *status)
{
	const int step = 10;
	int waited;

	for (waited = 0; waited < KILL_MS; waited += step) {
		const pid_t found = waitpid(pid, status, WNOHANG);

		if (found == pid || (found < 0 && errno == ECHILD))
			return true;
		poll(NULL, 0, step);
	}
	return false;
}

/* The worker has closed its pipe: by which signal, or with which status, has it ended? */
static void tell_end(void)
{
	int status = -1;

	if (!has_ended(worker, &status) || status == -1)
		report_line("note:", "the process that ran the sequence does not end");
	else if (WIFSIGNALED(status))
		report_line("note:", "the process that ran the sequence was killed by SIG%s",
			    sigabbrev_np(WTERMSIG(status)) ?: "?");
	else
		report_line("note:", "the process that ran the sequence ended with status %d",
			    WEXITSTATUS(status));
}

/* Returns whether the worker has ended. After an oops this does not wait for it. */
static bool stop(bool lost)
{
	bool ended;

	if (!worker)
		return true;
	kill(-worker, SIGKILL);
	kill(worker, SIGKILL);
	ended = !lost && has_ended(worker, NULL);
	close(to_worker);
	close(from_worker);
	worker = 0;
	return ended;
}

void worker_stop(void)
{
	if (!stop(false))
		report_line("note:", "the process that ran the sequences does not end");
}

/* Documentation/admin-guide/tainted-kernels.rst: "kernel died recently, i.e. there was an OOPS" */
static bool kernel_has_died(void)
{
	unsigned long taint = 0;
	FILE *file = fopen("/proc/sys/kernel/tainted", "r");

	if (file && fscanf(file, "%lu", &taint) != 1)
		taint = 0;
	if (file)
		fclose(file);
	return taint & BIT_ULL(7);
}

/* Wait for the end of the sequence. */
static enum outcome wait_for_end(void)
{
	struct pollfd answer = { .fd = from_worker, .events = POLLIN };
	unsigned int steps = 0, now;
	int ready, waited = 0;
	bool died;
	char letter;

	do {
		ready = poll(&answer, 1, POLL_MS);
		now = __atomic_load_n(&job->steps, __ATOMIC_RELAXED);
		waited = now == steps ? waited + POLL_MS : 0;
		steps = now;
		/* An oops may leave its process, or another one, waiting for a lock. */
		died = !had_died && kernel_has_died();
	} while ((!ready && waited < 1000 * patience && !died) || (ready < 0 && errno == EINTR));
	if (ready <= 0)
		return died ? OUTCOME_LOST : OUTCOME_HUNG;
	if (read(from_worker, &letter, 1) == 1)
		return job->run.failed_at >= 0 ? OUTCOME_DIFFERS : OUTCOME_RIGHT;
	/* The process has ended before: after a failed check, or because it was killed. */
	if (report->broken)
		return OUTCOME_BROKEN;
	if (report->failures)
		return OUTCOME_DIFFERS;
	tell_end();
	return OUTCOME_DIED;
}

/* Of the rules of which a check has failed, the first in the table. */
static enum rule_id failed_rule(void)
{
	int i = 0;

	while (i < RULE_COUNT && !report->by_rule[i].failures)
		i++;
	return i;
}

struct failure worker_run(const struct sequence *sequence, bool twin, const struct flip *flip,
			  bool quiet, struct run *run)
{
	static struct report *kept;
	struct failure failure;

	if (!flip && wrong.row)
		flip = &wrong;
	if (!kept)
		kept = malloc(sizeof(*kept));
	if (!kept)
		not_prepared("no memory for a report");
	if (!worker) {
		had_died = kernel_has_died();
		start();
	}
	if (quiet) {
		memcpy(kept, report, sizeof(*kept));
		/* What failed before is no failure of this sequence. */
		report->failures = 0;
		memset(report->by_rule, 0, sizeof(report->by_rule));
	}
	job->sequence = *sequence;
	job->twin = twin;
	job->has_flip = flip;
	if (flip)
		job->flip = *flip;
	job->run = (struct run){ .failed_at = -1 };
	if (write(to_worker, "s", 1) != 1)
		not_prepared("the worker does not take a sequence");
	failure.outcome = wait_for_end();
	if (log_reader && log_reader() && failure.outcome == OUTCOME_RIGHT)
		failure.outcome = OUTCOME_COMPLAINT;
	failure.rule = failure.outcome == OUTCOME_DIFFERS ? failed_rule() : RULE_COUNT;
	failure.row = job->run.failed_at < 0 ? NULL : sequence->op[job->run.failed_at].row;
	if (run)
		*run = job->run;
	if (!had_died && kernel_has_died())
		failure.outcome = OUTCOME_LOST;
	if (failure.outcome != OUTCOME_RIGHT && !stop(failure.outcome == OUTCOME_LOST))
		failure.outcome = OUTCOME_LOST;
	if (quiet)
		memcpy(report, kept, sizeof(*kept));
	return failure;
}
