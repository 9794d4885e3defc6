// SPDX-License-Identifier: GPL-2.0
#include "kernel/cgroup.h"

#include <errno.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/restore.h"
#include "report/report.h"

/* Does the file @path, a line of names, contain the memory controller? */
static bool has_memory(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512] = " ";
	bool has;

	has = file && fgets(line + 1, sizeof(line) - 1, file);
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = ' ';
	return has && strstr(line, " memory ");
}

/* @root is "" if cgroup2 is not mounted. */
static void find_root(char *root, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;

	root[0] = '\0';
	while (mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			snprintf(root, size, "%s", mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
}

void cgroup_make(struct cgroup *group)
{
	char file[256];
	int error;

	find_root(group->root, sizeof(group->root));
	snprintf(file, sizeof(file), "%s/cgroup.controllers", group->root);
	need(group->root[0] && has_memory(file), SKIP_NO_MEMCG);
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", group->root);
	if (!has_memory(file)) {
		restore_text(file, "-memory");
		error = write_text(file, "+memory");
		if (error)
			syscall_failed(file, -error);
	}
	snprintf(group->path, sizeof(group->path), "%s/hmm-coherent-%d", group->root, getpid());
	restore_folder(group->path);
	if (mkdir(group->path, 0755))
		syscall_failed(group->path, errno);
}

static void move_to(const char *path)
{
	char file[256];
	int error;

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	error = write_text(file, "0");
	if (error)
		syscall_failed(file, -error);
}

void cgroup_enter(const struct cgroup *group)
{
	move_to(group->path);
}

void cgroup_leave(const struct cgroup *group)
{
	move_to(group->root);
}

void cgroup_file(const struct cgroup *group, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", group->path, name);
}
