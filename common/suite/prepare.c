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
	bool ended;		/* preparation->prepare() returned */
	unsigned char kept[];
} *prepared;

static size_t kept_size(const struct preparation *preparation)
{
	size_t i, size = 0;

	for (i = 0; i < preparation->areas; i++)
		size += preparation->kept[i].size;
	return size;
}

static void copy_areas(const struct preparation *preparation, bool in)
{
	unsigned char *at = prepared->kept;
	size_t i;

	for (i = 0; i < preparation->areas; i++) {
		const struct area *area = &preparation->kept[i];

		if (in)
			memcpy(at, area->start, area->size);
		else
			memcpy(area->start, at, area->size);
		at += area->size;
	}
}

/* Wait for the end of process @pid, for at most @seconds. @status gets its wait status. */
static bool wait_bounded(pid_t pid, int seconds, int *status)
{
	struct pollfd ended = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool in_time = ended.fd < 0 || poll(&ended, 1, seconds * 1000) == 1;

	if (ended.fd >= 0)
		close(ended.fd);
	return in_time && waitpid(pid, status, 0) == pid;
}

static void fail_killed(int status)
{
	char seen[TEXT_MAX];

	snprintf(seen, sizeof(seen), "its process was killed by SIG%s",
		 WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "(unknown)");
	report_fail_all(RULE_KERNEL_SURVIVES, "the probe of devices and features ends", seen);
}

static void fail_hung(pid_t pid, int seconds)
{
	char seen[TEXT_MAX];

	kill(pid, SIGKILL);
	snprintf(seen, sizeof(seen), "its process still runs after %d s",
		 seconds);
	report_fail_all(RULE_KERNEL_SURVIVES, "the probe of devices and features ends", seen);
}

void prepare_guarded(const struct preparation *preparation, FILE *out, int seconds)
{
	int status = 0;
	pid_t pid;

	prepared = mmap(NULL, sizeof(*prepared) + kept_size(preparation), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (prepared != MAP_FAILED && preparation->provide)
		preparation->provide(out);
	fflush(NULL);
	pid = prepared == MAP_FAILED ? -1 : fork();
	if (pid < 0) {
		perror("hmm-coherent: cannot fork to probe devices and features");
		exit(3);
	}
	if (!pid) {
		report->preparing = true;
		preparation->prepare(out);
		copy_areas(preparation, true);
		prepared->ended = true;
		fflush(NULL);
		_exit(0);
	}
	if (!wait_bounded(pid, seconds, &status))
		fail_hung(pid, seconds);
	else if (prepared->ended)
		copy_areas(preparation, false);
	else if (!WIFEXITED(status))
		fail_killed(status);
	else if (!report_all_will_fail())
		exit(WEXITSTATUS(status));
}
