// SPDX-License-Identifier: GPL-2.0
#include "kernel/lockdep.h"

#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"

bool lockdep_watches(void)
{
	return read_counter("/proc/lockdep_stats", " debug_locks") == 1;
}

/*
 * Is @lock the name that follows @mark at the end of a line of /proc/lockdep?
 * The name may continue with "#2" or "/1", for another class of that name.
 */
static bool names(const char *line, const char *mark, const char *lock)
{
	const char *at = strstr(line, mark);

	return at && !strncmp(at + strlen(mark), lock, strlen(lock));
}

/*
 * A class has a line "KEY ...: NAME", followed by a line " -> [KEY] NAME" for
 * each lock that was taken directly after it (l_show()).
 */
static bool has_seen(const char *outer, const char *inner)
{
	FILE *classes = fopen("/proc/lockdep", "r");
	bool of_outer = false, seen = false;
	char line[512];

	while (classes && !seen && fgets(line, sizeof(line), classes)) {
		if (strstr(line, "-> ["))
			seen = of_outer && names(line, "] ", inner);
		else
			of_outer = names(strstr(line, "BD:") ? strstr(line, "BD:") + 3 : line, ": ",
					 outer);
	}
	if (classes)
		fclose(classes);
	return seen;
}

bool lockdep_saw_memory_added(void)
{
	return lockdep_watches() && has_seen("&mm->mmap_lock", "&mdevice->devmem_lock");
}

bool kasan_watches_freed(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[512], name[256];
	bool found = false;

	while (symbols && !found && fgets(line, sizeof(line), symbols))
		found = sscanf(line, "%*s %*s %255s", name) == 1 &&
			!strcmp(name, "slab_free_after_rcu_debug");
	if (symbols)
		fclose(symbols);
	return found;
}
