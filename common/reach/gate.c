// SPDX-License-Identifier: GPL-2.0
#include "reach/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/report.h"

/* Longer than any test needs under any load, shorter than the time a test is given. */
#define KEEP_MS 15000

extern char **environ;

/* The name of the device-mapper device at @path. False when it is none. */
static bool mapper_name(const char *path, char *name, size_t size)
{
	char file[64];
	struct stat st;
	FILE *in;
	bool got;

	if (stat(path, &st) || !S_ISBLK(st.st_mode))
		return false;
	snprintf(file, sizeof(file), "/sys/dev/block/%u:%u/dm/name", major(st.st_rdev),
		 minor(st.st_rdev));
	in = fopen(file, "r");
	got = in && fgets(name, size, in);
	if (in)
		fclose(in);
	if (got)
		name[strcspn(name, "\n")] = '\0';
	return got;
}

/*
 * Suspend or resume; returns 0 or -errno. What a filesystem has to say about it
 * is not asked: there is none.
 */
static int suspend(const char *name, bool on)
{
	struct dm_ioctl io = { .version = { DM_VERSION_MAJOR, 0, 0 },
			       .data_size = sizeof(io),
			       .data_start = sizeof(io),
			       .flags = on ? DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG : 0 };
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC), error;

	if (control < 0)
		return -errno;
	snprintf(io.name, sizeof(io.name), "%s", name);
	error = ioctl(control, DM_DEV_SUSPEND, &io) ? -errno : 0;
	close(control);
	return error;
}

int gate_keeper(const char *name)
{
	struct pollfd told = { .fd = STDIN_FILENO, .events = POLLIN };

	poll(&told, 1, KEEP_MS);
	return suspend(name, false) ? 1 : 0;
}

/*
 * By posix_spawn(), which copies no page table: fork() would make every page of
 * the test a shared one.
 */
static void start_keeper(struct gate *gate, char *name)
{
	char *argv[] = { "hmm-coherent", GATE_KEEPER, name, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		broken("pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	/* Out of the test's process group, which is killed when the test takes too long. */
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(&gate->keeper, "/proc/self/exe", &actions, &attributes, argv, environ);
	if (error)
		broken("no keeper for the gate: %s", strerror(error));
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	gate->tell = ends[1];
}

void gate_reset(const char *path)
{
	char name[DM_NAME_LEN];

	if (mapper_name(path, name, sizeof(name)))
		suspend(name, false);
}

bool gate_close(struct gate *gate, const char *path)
{
	char name[DM_NAME_LEN];

	if (!mapper_name(path, name, sizeof(name)) || suspend(name, false))
		return false;
	start_keeper(gate, name);
	gate->shut = true;
	if (suspend(name, true))
		broken("%s cannot be suspended", name);
	return true;
}

void gate_open(struct gate *gate)
{
	int status;

	if (!gate->shut)
		return;
	gate->shut = false;
	/* A byte, not the end of the file: a child of the test has the pipe open too. */
	if (write(gate->tell, "o", 1) != 1)
		broken("the keeper of a slow device is gone");
	close(gate->tell);
	if (waitpid(gate->keeper, &status, 0) != gate->keeper || status)
		broken("the keeper of a slow device did not resume it: wait status 0x%x", status);
}
