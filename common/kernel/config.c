// SPDX-License-Identifier: GPL-2.0
#include "kernel/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Write the running kernel's configuration to @to. busybox's zcat works in a
 * child and does not wait for it, but no process may outlive a test.
 */
static void __noreturn unpack_config(int to)
{
	int status, failed = 1;
	pid_t zcat, ended;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	zcat = fork();
	if (!zcat) {
		dup2(to, STDOUT_FILENO);
		execlp("zcat", "zcat", "/proc/config.gz", (char *)NULL);
		execl("/bin/busybox", "busybox", "zcat", "/proc/config.gz", (char *)NULL);
		_exit(1);
	}
	close(to);
	while ((ended = wait(&status)) > 0)
		if (ended == zcat)
			failed = status != 0;
	_exit(failed);
}

/* Open the configuration as text; NULL if there is none. Close it with config_close(). */
static FILE *config_open(pid_t *unpacker)
{
	int ends[2];

	if (access("/proc/config.gz", R_OK) || pipe2(ends, O_CLOEXEC))
		return NULL;
	*unpacker = fork();
	if (!*unpacker)
		unpack_config(ends[1]);
	close(ends[1]);
	return fdopen(ends[0], "r");
}

static bool config_close(FILE *config, pid_t unpacker)
{
	int status = 1;

	fclose(config);
	return waitpid(unpacker, &status, 0) == unpacker && !status;
}

enum answer config_has_either(const char *wanted, const char *other)
{
	enum answer answer = ANSWER_NO;
	char line[256];
	pid_t unpacker;
	FILE *config = config_open(&unpacker);

	if (!config)
		return ANSWER_UNKNOWN;
	while (fgets(line, sizeof(line), config)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, wanted) || (other && !strcmp(line, other)))
			answer = ANSWER_YES;
	}
	return config_close(config, unpacker) ? answer : ANSWER_UNKNOWN;
}

bool page_cache_can_be_huge(void)
{
	return config_has_either("CONFIG_BASE_SMALL=1", "CONFIG_BASE_SMALL=y") != ANSWER_YES;
}
