// SPDX-License-Identifier: GPL-2.0
#include "driver.h"

#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char helper[PATH_MAX];
static pid_t loader;

/* Beside the program: kselftest installs both into one folder. */
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

/* Runs the script; its exit status, and the last line of what it has to say. */
static int run_helper(const char *word, char *said, int size)
{
	int ends[2], status;
	char line[256];
	FILE *from;
	pid_t pid;

	if (pipe(ends))
		return 3;
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		execl(helper, helper, word, (char *)NULL);
		_exit(3);
	}
	close(ends[1]);
	from = fdopen(ends[0], "r");
	while (from && fgets(line, sizeof(line), from))
		snprintf(said, size, "%.*s", (int)strcspn(line, "\n"), line);
	if (from)
		fclose(from);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 3;
	return WEXITSTATUS(status);
}

/* exit() in a test's process comes here too. */
static void take_away(void)
{
	char said[256];

	if (getpid() == loader)
		run_helper("unload", said, sizeof(said));
}

void driver_provide(FILE *out)
{
	char said[256] = "hmm_coherent_driver.sh said nothing";
	int status;

	if (!access("/dev/hmm_dmirror2", F_OK) || !find_helper())
		return;
	status = run_helper("load", said, sizeof(said));
	if (status) {
		fprintf(out, "1..0 # SKIP test_hmm is not loaded\n# note: %s\n", said);
		fflush(out);
		exit(status);
	}
	loader = getpid();
	atexit(take_away);
}
