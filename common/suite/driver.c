// SPDX-License-Identifier: GPL-2.0
#include "suite/driver.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "see/device_ranges.h"

/*
 * modprobe takes a second. A slow machine with a debugging kernel needs a
 * minute to initialize the struct pages of two ranges of 256 MiB.
 */
#define HELPER_S 120
/* Exit status of the script if the kernel has the driver but does not load it. */
#define REFUSED 1

static char helper[PATH_MAX];
static pid_t loader;

/* The script is next to the program: kselftest installs both in one folder. */
static bool find_helper(void)
{
	char path[PATH_MAX - 32];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		return false;
	path[length] = '\0';
	snprintf(helper, sizeof(helper), "%s/hmm_coherent_driver.sh", dirname(path));
	return !access(helper, X_OK);
}

/*
 * Read the output of the script for at most HELPER_S seconds, and keep its last
 * line in @said. Returns false if the script still runs then.
 */
static bool listen(int from, char *said, int size)
{
	struct pollfd ready = { .fd = from, .events = POLLIN };
	const long end_ms = now_ms() + HELPER_S * 1000L;
	char line[256];
	size_t used = 0;
	ssize_t got;

	for (;;) {
		if (now_ms() >= end_ms)
			return false;
		if (poll(&ready, 1, 1000) != 1)
			continue;
		got = read(from, line + used, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || line[used] == '\n' || used == sizeof(line) - 2) {
			line[used] = '\0';
			if (used)
				snprintf(said, size, "%s", line);
			used = 0;
		} else {
			used++;
		}
		if (got <= 0)
			return true;
	}
}

/*
 * Run the script with up to three arguments. Returns its exit status; @said
 * gets the last line of its output. If loading the driver does not return, that
 * is a failure of the kernel: returns REFUSED and does not wait for the script.
 */
static int run_helper(const char *const words[3], char *said, int size)
{
	int ends[2], status = 0;
	bool in_time;
	pid_t pid;

	if (pipe(ends))
		return 3;
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		execl(helper, helper, words[0], words[1], words[2], (char *)NULL);
		_exit(3);
	}
	close(ends[1]);
	in_time = pid > 0 && listen(ends[0], said, size);
	close(ends[0]);
	if (pid < 0)
		return 3;
	if (!in_time)
		kill(-pid, SIGKILL);
	if (!wait_for_end(pid, &status, 5) || !in_time) {
		snprintf(said, size, "hmm_coherent_driver.sh %s did not end within %d s", words[0],
			 HELPER_S);
		return REFUSED;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

/* exit() in the process of a test also calls this. */
static void take_away(void)
{
	const char *const words[3] = { "unload" };
	char said[256];

	if (getpid() == loader)
		(void)run_helper(words, said, sizeof(said));
}

static void __noreturn leave(FILE *out, int status, const char *said)
{
	fprintf(out, "1..0 # SKIP test_hmm is not loaded\n# note: %s\n", said);
	fflush(out);
	exit(status);
}

/*
 * Prove the ranges before the driver is loaded, so that an error of the driver
 * is a failure of the kernel.
 */
void driver_provide(FILE *out)
{
	char said[256] = "hmm_coherent_driver.sh printed nothing", first[32], second[32];
	const char *const ask[3] = { "ranges" };
	const char *const load[3] = { "load", first, second };
	int status;

	if (!access("/sys/module/test_hmm", F_OK) || !find_helper())
		return;
	status = run_helper(ask, said, sizeof(said));
	if (status)
		leave(out, status, said);
	if (sscanf(said, "%31s %31s", first, second) != 2)
		leave(out, 3, said);
	devices_prove(out, strtoul(first, NULL, 0));
	devices_prove(out, strtoul(second, NULL, 0));
	status = run_helper(load, said, sizeof(said));
	if (status == REFUSED) {
		report_fail_all(RULE_DRIVER_LOADS, "test_hmm loads with two ranges of memory",
				said);
		return;
	}
	if (status)
		leave(out, status, said);
	loader = getpid();
	atexit(take_away);
}
