// SPDX-License-Identifier: GPL-2.0
#include "kernel/cgroup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/restore.h"
#include "report/report.h"

/* Is the memory controller in the line of names in the file @path? */
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

void cgroup_make(const char *root, char *path, size_t size)
{
	char file[256];
	int error;

	snprintf(file, sizeof(file), "%s/cgroup.controllers", root);
	need(has_memory(file), SKIP_NO_MEMCG);
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", root);
	if (!has_memory(file)) {
		restore_text(file, "-memory");
		error = write_text(file, "+memory");
		if (error)
			syscall_failed(file, -error);
	}
	snprintf(path, size, "%s/hmm-coherent-%d", root, getpid());
	restore_folder(path);
	if (mkdir(path, 0755))
		syscall_failed(path, errno);
}
