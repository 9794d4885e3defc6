// SPDX-License-Identifier: GPL-2.0
#include "suite/leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STUCK_MAX 64
#define PAUSE_MS 20
#define ROUNDS (10 * 1000 / PAUSE_MS)

/* Processes that did not end after SIGKILL. */
static pid_t stuck_before[STUCK_MAX];
static size_t stuck_count;

static bool is_stuck(pid_t pid)
{
	size_t i;

	for (i = 0; i < stuck_count; i++)
		if (stuck_before[i] == pid)
			return true;
	return false;
}

/*
 * Kill the children of this process, except those known to be stuck. Returns
 * how many were running (a zombie is not). @last gets one of them.
 */
static int kill_children(pid_t *last)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int killed = 0;

	while (proc && (entry = readdir(proc))) {
		char path[300], stat[512], state;
		const char *rest;
		int parent;
		FILE *file;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		/*
		 * The name of the command is in brackets and may contain any
		 * character, also brackets.
		 */
		rest = fgets(stat, sizeof(stat), file) ? strrchr(stat, ')') : NULL;
		fclose(file);
		if (!rest || sscanf(rest + 1, " %c %d", &state, &parent) != 2 ||
		    parent != getpid() || state == 'Z')
			continue;
		if (is_stuck(atoi(entry->d_name)) || kill(atoi(entry->d_name), SIGKILL))
			continue;
		*last = atoi(entry->d_name);
		killed++;
	}
	if (proc)
		closedir(proc);
	return killed;
}

int leftovers_kill(pid_t *stuck)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000 * 1000 };
	int killed = 0, running = 0, rounds;
	sigset_t sigchld, old;
	pid_t pid;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &sigchld, &old);
	for (rounds = 0; rounds < ROUNDS; rounds++) {
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0);
		running = pid < 0 ? 0 : kill_children(stuck);
		if (pid < 0 || (!running && stuck_count))
			break;
		killed += running;
		/*
		 * Wait for the end of a child. The timeout is needed only if
		 * its signal was missed.
		 */
		sigtimedwait(&sigchld, NULL, &pause);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (!running)
		*stuck = 0;
	else if (stuck_count < STUCK_MAX)
		stuck_before[stuck_count++] = *stuck;
	return killed;
}
