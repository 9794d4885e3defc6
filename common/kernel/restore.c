// SPDX-License-Identifier: GPL-2.0
#include "kernel/restore.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"

#define UNDO_MAX 16
/* The kernel notices the exit of the last process of a cgroup with a delay. */
#define UNDO_S 5
/* swapoff() of a small file on a loaded machine, before it counts as hanging in the kernel. */
#ifndef CALL_S
#define CALL_S 15
#endif

enum undo { UNDO_WRITE, UNDO_SWAPON, UNDO_MKDIR };

struct action {
	enum undo undo;
	char path[256], text[64];
};

static struct table {
	int used;
	pid_t test;		/* the process that changed something */
	struct action actions[UNDO_MAX];
} *table;

/* Uses system calls only, so that a signal handler can call it. Returns 0 or an errno. */
static int undo(const struct action *action)
{
	int error;

	switch (action->undo) {
	case UNDO_WRITE:
		return -write_text(action->path, action->text);
	case UNDO_SWAPON:
		/* EINVAL: it is not in use as swap. */
		error = -swap_end(action->path);
		if (error == EINVAL || error == ENOENT)
			error = 0;
		return unlink(action->path) && errno != ENOENT ? errno : error;
	case UNDO_MKDIR:
		return rmdir(action->path) && errno != ENOENT ? errno : 0;
	default:
		error = EINVAL;
		break;
	}
	return error;
}

static bool is_undone(void *action)
{
	return !undo(action);
}

static pid_t program;

static void on_end(int signal)
{
	/* The process of a test inherits the handler, but must not undo anything. */
	if (getpid() == program && table->used) {
		kill(-table->test, SIGKILL);
		kill(table->test, SIGKILL);
		waitpid(table->test, NULL, 0);
		while (table->used)
			undo(&table->actions[--table->used]);
	}
	/* With SA_RESETHAND, the signal now ends the program. */
	raise(signal);
}

void restore_create(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action = { .sa_handler = on_end, .sa_flags = SA_RESETHAND };
	size_t i;

	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (table == MAP_FAILED) {
		perror("hmm-coherent: no memory for the table of settings to restore");
		_exit(3);
	}
	program = getpid();
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &action, NULL);
}

/*
 * Count an entry only when it is complete: a test may be killed at any time. If
 * there is one for @path already, that has what was before the test.
 */
static const struct action *add(enum undo what, const char *path, const char *text)
{
	struct action *action = table->actions;

	table->test = getpid();
	for (; action < table->actions + table->used; action++)
		if (action->undo == what && !strcmp(action->path, path))
			return action;
	if (table->used == UNDO_MAX)
		broken("a test changes more than %d settings", UNDO_MAX);
	action->undo = what;
	snprintf(action->path, sizeof(action->path), "%s", path);
	snprintf(action->text, sizeof(action->text), "%s", text);
	__atomic_store_n(&table->used, table->used + 1, __ATOMIC_RELEASE);
	return action;
}

void restore_setting(const char *path)
{
	char text[64], *chosen, *end;
	FILE *file = fopen(path, "r");
	bool got = file && fgets(text, sizeof(text), file);

	if (file)
		fclose(file);
	if (!got)
		not_prepared("%s cannot be read", path);
	text[strcspn(text, "\n")] = '\0';
	/* "always [madvise] never": the current value is in brackets. */
	chosen = strchr(text, '[');
	end = chosen ? strchr(chosen, ']') : NULL;
	if (end)
		*end = '\0';
	add(UNDO_WRITE, path, end ? chosen + 1 : text);
}

void change_setting(const char *path, long number)
{
	char text[32];
	int error;

	restore_setting(path);
	snprintf(text, sizeof(text), "%ld", number);
	error = write_text(path, text);
	if (error)
		syscall_failed(path, -error);
}

void restore_text(const char *path, const char *text)
{
	add(UNDO_WRITE, path, text);
}

void restore_swap(const char *path)
{
	/* Remove the swap file of an earlier run that was killed. */
	undo(add(UNDO_SWAPON, path, ""));
}

void restore_folder(const char *path)
{
	add(UNDO_MKDIR, path, "");
}

/*
 * All processes of a test run on one processor (suite.c). A process that loops
 * in a kernel without preemption would block the program there, too.
 */
static void leave_this_cpu(void)
{
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &set);
	CPU_CLR(sched_getcpu(), &set);
	/* EINVAL: there is no other processor. */
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void undo_all(void)
{
	bool all = true;

	leave_this_cpu();
	while (table->used) {
		struct action *action = &table->actions[table->used - 1];

		if (!wait_until(is_undone, action, UNDO_S)) {
			report->broken = true;
			report_line("broken:", "%s could not be restored after the test: %s",
				    action->path, strerror(undo(action)));
			all = false;
		}
		table->used--;
	}
	_exit(!all);
}

/*
 * Undo the changes in a separate process: a kernel that lost a swap entry never
 * returns from swapoff(), and the results of the test must still be printed.
 */
bool restore_all(void)
{
	int status = -1;
	pid_t pid;

	if (!table->used)
		return true;
	fflush(NULL);
	pid = fork();
	if (!pid)
		undo_all();
	if (pid < 0) {
		report->broken = true;
		report_line("broken:",
			    "cannot fork to restore the settings that the test changed: %s",
			    strerror(errno));
		return false;
	}
	if (wait_for_end(pid, &status, UNDO_S * table->used + CALL_S))
		return status == 0;
	set_rule(RULE_KERNEL_SURVIVES);
	expect(false, "the system call that restores %s after the test does not return",
	       table->actions[table->used - 1].path);
	table->used = 0;
	kill(pid, SIGKILL);
	if (!wait_for_end(pid, &status, UNDO_S))
		report_line("note:", "process %d hangs in the kernel", pid);
	return false;
}
