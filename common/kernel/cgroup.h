/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup.h - a memory cgroup for one test, which is gone after it */
#ifndef HMM_COHERENT_CGROUP_H
#define HMM_COHERENT_CGROUP_H

#include <stddef.h>

struct cgroup {
	char root[128];		/* where cgroup2 is mounted */
	char path[192];
};

/*
 * Make a group with the memory controller where cgroup2 is mounted. The group
 * is removed, and the controllers of its root are as they were, after the test
 * (restore.h). Skips where there is no memory controller.
 */
void cgroup_make(struct cgroup *group);

/* This process belongs to the group from now on, or to the root again. */
void cgroup_enter(const struct cgroup *group);
void cgroup_leave(const struct cgroup *group);

/* Put the path of the group's file @name, such as memory.current, into @path (@size bytes). */
void cgroup_file(const struct cgroup *group, const char *name, char *path, size_t size);

#endif
