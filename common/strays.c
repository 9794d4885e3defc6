// SPDX-License-Identifier: GPL-2.0
#include "strays.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Kill the children of this process; returns how many were running (a zombie is not). */
static int kill_children(void)
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
		/* The command's name is in brackets and may hold anything, brackets included. */
		rest = fgets(stat, sizeof(stat), file) ? strrchr(stat, ')') : NULL;
		fclose(file);
		if (!rest || sscanf(rest + 1, " %c %d", &state, &parent) != 2 || parent != getpid() || state == 'Z')
			continue;
		killed += !kill(atoi(entry->d_name), SIGKILL);
	}
	if (proc)
		closedir(proc);
	return killed;
}

int strays_kill(void)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	sigset_t sigchld, old;
	int killed = 0, rounds;
	pid_t pid;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &sigchld, &old);
	for (rounds = 0; rounds < 250; rounds++) {
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0);
		if (pid < 0)
			break;
		killed += kill_children();
		/* Woken by the next child's end; the pause only bounds the wait for one that was missed. */
		sigtimedwait(&sigchld, NULL, &pause);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return killed;
}
