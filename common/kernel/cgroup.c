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

/* Does the file @path, a line of names, contain @controller? */
static bool has_controller(const char *path, const char *controller)
{
	FILE *file = fopen(path, "r");
	char line[512] = " ", word[32];
	bool has;

	snprintf(word, sizeof(word), " %s ", controller);

	has = file && fgets(line + 1, sizeof(line) - 1, file);
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = ' ';
	return has && strstr(line, word);
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

static void make(struct cgroup *group, const char *controller, enum skip_id without)
{
	char file[256], text[32];
	int error;

	find_root(group->root, sizeof(group->root));
	snprintf(file, sizeof(file), "%s/cgroup.controllers", group->root);
	need(group->root[0] && has_controller(file, controller), without);
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", group->root);
	if (!has_controller(file, controller)) {
		snprintf(text, sizeof(text), "-%s", controller);
		restore_text(file, text);
		text[0] = '+';
		error = write_text(file, text);
		if (error)
			syscall_failed(file, -error);
	}
	snprintf(group->path, sizeof(group->path), "%s/hmm-coherent-%d", group->root, getpid());
	restore_folder(group->path);
	if (mkdir(group->path, 0755))
		syscall_failed(group->path, errno);
}

void cgroup_make(struct cgroup *group)
{
	make(group, "memory", SKIP_NO_MEMCG);
}

void cgroup_make_cpuset(struct cgroup *group)
{
	make(group, "cpuset", SKIP_NO_CPUSET);
}

void cgroup_make_inner(struct cgroup *inner, const struct cgroup *outer)
{
	char file[256];
	int error;

	*inner = *outer;
	cgroup_file(outer, "cgroup.subtree_control", file, sizeof(file));
	error = write_text(file, "+cpuset");
	if (error)
		syscall_failed(file, -error);
	snprintf(inner->path, sizeof(inner->path), "%.180s/inner", outer->path);
	restore_folder(inner->path);
	if (mkdir(inner->path, 0755))
		syscall_failed(inner->path, errno);
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

void cgroup_need_reclaim(const struct cgroup *group)
{
	char path[256];

	cgroup_file(group, "memory.reclaim", path, sizeof(path));
	/* memory_files[], mm/memcontrol.c: all kernels since 5.19 have it. */
	if (access(path, W_OK) && in_guest())
		not_prepared("%s: %s", path, strerror(errno));
	need(!access(path, W_OK), SKIP_NO_MEMORY_RECLAIM);
}

void cgroup_reclaim(const struct cgroup *group, const char *amount)
{
	char path[256];
	int error;

	cgroup_file(group, "memory.reclaim", path, sizeof(path));
	error = write_text(path, amount);
	if (error && error != -EAGAIN)
		syscall_failed("memory.reclaim", -error);
}
