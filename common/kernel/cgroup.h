/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup.h - a cgroup for one test, removed after it */
#ifndef HMM_COHERENT_CGROUP_H
#define HMM_COHERENT_CGROUP_H

#include <stddef.h>

struct cgroup {
	char root[128];		/* where cgroup2 is mounted */
	char path[192];
};

/*
 * Create a group with the memory controller below the mount point of cgroup2.
 * After the test, the group is removed and the controllers of the root are
 * restored (restore.h). Skips the test if there is no memory controller.
 */
void cgroup_make(struct cgroup *group);

/* The same with the cpuset controller. */
void cgroup_make_cpuset(struct cgroup *group);

/* A group inside of one with the cpuset controller, which gets no nodes of its own. */
void cgroup_make_inner(struct cgroup *inner, const struct cgroup *outer);

/* Move this process into the group, or back to the root. */
void cgroup_enter(const struct cgroup *group);
void cgroup_leave(const struct cgroup *group);

/* Put the path of the group's file @name, such as memory.current, into @path (@size bytes). */
void cgroup_file(const struct cgroup *group, const char *name, char *path, size_t size);

/*
 * Reclaim up to @amount, such as "4M", of the group's memory: memory.reclaim, since
 * Linux 5.19. If there is less that can be reclaimed, the kernel does as much as
 * it can (EAGAIN). The first function skips a test without it.
 */
void cgroup_need_reclaim(const struct cgroup *group);
void cgroup_reclaim(const struct cgroup *group, const char *amount);

#endif
