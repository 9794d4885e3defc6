/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup.h - a memory cgroup for one test, which is gone after it */
#ifndef HMM_COHERENT_CGROUP_H
#define HMM_COHERENT_CGROUP_H

#include <stddef.h>

/*
 * Make a group below @root, where cgroup2 is mounted, with the memory
 * controller, and put its path into @path. The group is removed, and the
 * controllers of @root are as they were, after the test (restore.h). Skips
 * where there is no memory controller.
 */
void cgroup_make(const char *root, char *path, size_t size);

#endif
