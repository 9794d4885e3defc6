// SPDX-License-Identifier: GPL-2.0
#include "suite/prepare.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/kmsg.h"
#include "report/report.h"
#include "report/rules.h"

#define TEXT_MAX 200

/* Shared between the process that prepares and the one that waits for it. */
static struct prepared {
	bool ended;		/* suite->prepare() returned */
	bool doomed;
	int rule;
	char expected[TEXT_MAX], seen[TEXT_MAX];
	unsigned char kept[];
} *prepared;

void suite_doom(int rule, const char *expected, const char *seen)
{
	if (prepared->doomed)
		return;
	prepared->doomed = true;
	prepared->rule = rule;
	snprintf(prepared->expected, TEXT_MAX, "%s", expected);
	snprintf(prepared->seen, TEXT_MAX, "%s", seen);
}

bool prepare_doomed(void)
{
	if (!prepared || !prepared->doomed)
		return false;
	holds(prepared->rule);
	expect_same(false, "before the first test", prepared->expected, prepared->seen);
	return true;
}

static size_t kept_size(const struct suite *suite)
{
	size_t i, size = 0;

	for (i = 0; i < suite->areas; i++)
		size += suite->kept[i].size;
	return size;
}

static void copy_areas(const struct suite *suite, bool in)
{
	unsigned char *at = prepared->kept;
	size_t i;

	for (i = 0; i < suite->areas; i++) {
		const struct area *area = &suite->kept[i];

		if (in)
			memcpy(at, area->start, area->size);
		else
			memcpy(area->start, at, area->size);
		at += area->size;
	}
}

/* The end of process @pid within @seconds; its wait status in @status. */
static bool wait_bounded(pid_t pid, int seconds, int *status)
{
	struct pollfd ended = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool in_time = ended.fd < 0 || poll(&ended, 1, seconds * 1000) == 1;

	if (ended.fd >= 0)
		close(ended.fd);
	return in_time && waitpid(pid, status, 0) == pid;
}

static void doom_killed(int status)
{
	char seen[TEXT_MAX];

	snprintf(seen, sizeof(seen), "the process that looks at them was killed by SIG%s",
		 WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "nothing that is known");
	suite_doom(RULE_KERNEL_SURVIVES, "devices and features can be looked at", seen);
}

static void doom_hung(pid_t pid, int seconds)
{
	char seen[TEXT_MAX];

	kill(pid, SIGKILL);
	snprintf(seen, sizeof(seen), "the process that looks at them still runs after %d s",
		 seconds);
	suite_doom(RULE_KERNEL_SURVIVES, "devices and features can be looked at", seen);
}

void prepare_guarded(const struct suite *suite, FILE *out, int seconds)
{
	int status = 0;
	pid_t pid;

	prepared = mmap(NULL, sizeof(*prepared) + kept_size(suite), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (prepared != MAP_FAILED && suite->provide)
		suite->provide(out);
	fflush(NULL);
	pid = prepared == MAP_FAILED ? -1 : fork();
	if (pid < 0) {
		perror("hmm-coherent: no process to look at this machine with");
		exit(3);
	}
	if (!pid) {
		report->preparing = true;
		suite->prepare(out);
		copy_areas(suite, true);
		prepared->ended = true;
		fflush(NULL);
		_exit(0);
	}
	if (!wait_bounded(pid, seconds, &status))
		doom_hung(pid, seconds);
	else if (prepared->ended)
		copy_areas(suite, false);
	else if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	else
		doom_killed(status);
}
