// SPDX-License-Identifier: GPL-2.0
#include "reach/dm_suspend.h"

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

#include "kernel/kernel.h"
#include "report/report.h"

/* Longer than a test needs, and shorter than the time limit of a test. */
#define SUSPENDED_MS 20000

/* Get the name of the device-mapper device at @path. False if it is not a device-mapper device. */
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
 * Suspend or resume; returns 0 or -errno. There is no filesystem on the device
 * that would have to be frozen.
 */
static int set_suspended(const char *name, bool on)
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

/* What is said to the resumer: resume and end; the device is suspended, or was resumed. */
enum { SAY_END = 'o', SAY_SUSPENDED = 's', SAY_RESUMED = 'r' };

int dm_resumer(const char *name)
{
	struct pollfd told = { .fd = STDIN_FILENO, .events = POLLIN };
	int limit = SUSPENDED_MS;
	char letter = SAY_SUSPENDED;

	while (poll(&told, 1, limit) > 0 && letter != SAY_END) {
		if (read(STDIN_FILENO, &letter, 1) != 1) {
			/* Nothing is suspended, and another process may use the device. */
			if (letter == SAY_RESUMED)
				return 0;
			break;
		}
		limit = letter == SAY_RESUMED ? -1 : letter == SAY_END ? 0 : SUSPENDED_MS;
	}
	return set_suspended(name, false) ? 1 : 0;
}

/*
 * Use posix_spawn(), which does not copy page tables: fork() would make all
 * pages of the test shared.
 */
static void start_resumer(struct dm_suspension *suspension, char *name)
{
	char *argv[4] = { program_invocation_name, DM_RESUMER, name };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		syscall_failed("pipe", errno);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	/* Leave the process group of the test, which is killed at its time limit. */
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(&suspension->resumer, "/proc/self/exe", &actions, &attributes, argv,
			    environ);
	if (error)
		not_prepared("cannot start the process that resumes a slow device: %s",
			     strerror(error));
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	suspension->tell = ends[1];
}

static void say(const struct dm_suspension *suspension, char letter)
{
	if (write(suspension->tell, &letter, 1) != 1)
		not_prepared("the process that resumes a slow device has ended");
}

bool dm_keep_resumer(struct dm_suspension *suspension, const char *path)
{
	if (!mapper_name(path, suspension->kept, sizeof(suspension->kept)) ||
	    set_suspended(suspension->kept, false))
		return false;
	start_resumer(suspension, suspension->kept);
	say(suspension, SAY_RESUMED);
	return true;
}

void dm_resume_left(const char *path)
{
	char name[DM_NAME_LEN];

	if (mapper_name(path, name, sizeof(name)))
		set_suspended(name, false);
}

bool dm_suspend(struct dm_suspension *suspension, const char *path)
{
	char name[DM_NAME_LEN];

	if (!mapper_name(path, name, sizeof(name)) || set_suspended(name, false))
		return false;
	suspension->began_ms = now_ms();
	if (suspension->kept[0])
		say(suspension, SAY_SUSPENDED);
	else
		start_resumer(suspension, name);
	suspension->active = true;
	if (set_suspended(name, true))
		not_prepared("%s cannot be suspended", name);
	return true;
}

void dm_still_suspended(const struct dm_suspension *suspension)
{
	if (suspension->active && now_ms() - suspension->began_ms >= SUSPENDED_MS)
		broken("the test took longer than the %d s for which its device is suspended",
		       SUSPENDED_MS / 1000);
}

void dm_resume(struct dm_suspension *suspension)
{
	int status;

	if (!suspension->active)
		return;
	suspension->active = false;
	if (suspension->kept[0]) {
		if (set_suspended(suspension->kept, false))
			not_prepared("%s cannot be resumed", suspension->kept);
		say(suspension, SAY_RESUMED);
		return;
	}
	/*
	 * Write a byte: closing the pipe is not enough, since a child of the
	 * test also has it open.
	 */
	say(suspension, SAY_END);
	close(suspension->tell);
	if (waitpid(suspension->resumer, &status, 0) != suspension->resumer || status)
		not_prepared("a slow device was not resumed: wait status 0x%x", status);
}
