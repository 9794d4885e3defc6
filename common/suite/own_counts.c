// SPDX-License-Identifier: GPL-2.0
#include "suite/own_counts.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/since.h"
#include "report/report.h"
#include "report/rules.h"

/* Memory that the kernel itself moves, such as for compaction, may differ for a moment. */
#define TRIES 5

enum count { ANON, OTHER, SWAPPED, LOCKED, DATA, SIZE, HUGETLB, COUNTS };

/*
 * Who adds to the counter, and who walks: dec_mm_counter() and inc_mm_counter()
 * of the operations, vm_stat_account() and mlock_fixup(); task_mem() and
 * smap_gather_stats(), fs/proc/task_mmu.c.
 */
static const struct {
	const char *name;	/* of the counter in status; the second is two of them */
	const char *walked;	/* what smaps has */
	enum rule_id rule;
	bool per_page;		/* exact only where the kernel sums up what its processors keep */
} counts[COUNTS] = {
	[ANON] = { "RssAnon", "Anonymous", RULE_ACCOUNTS_RETURN, true },
	[OTHER] = { "RssFile + RssShmem", "Rss - Anonymous", RULE_ACCOUNTS_RETURN, true },
	[SWAPPED] = { "VmSwap", "Swap", RULE_ACCOUNTS_RETURN, true },
	[LOCKED] = { "VmLck", "Size of the locked mappings", RULE_MAPPINGS_ARE_COUNTED, false },
	[DATA] = { "VmData", "Size of the private writable mappings", RULE_MAPPINGS_ARE_COUNTED,
		   false },
	[SIZE] = { "VmSize", "Size", RULE_MAPPINGS_ARE_COUNTED, false },
	[HUGETLB] = { "HugetlbPages", "Shared_Hugetlb + Private_Hugetlb", RULE_ACCOUNTS_RETURN,
		      false },
};

/* One mapping of smaps, in kilobytes. */
struct mapping_counts {
	long size, resident, anonymous, swapped, hugetlb;
	bool outside;		/* not of the process: [vsyscall] */
	bool of_file;
};

/* Static, so that it is mapped before anything is counted. */
static char text[8192];
static struct mapping_counts mapping;
static bool swapped_files;	/* smaps also counts what others swapped out of a file */

static bool starts(const char *line, const char *key, long *value)
{
	const size_t length = strlen(key);

	if (strncmp(line, key, length) || line[length] != ':')
		return false;
	*value += strtol(line + length + 1, NULL, 10);
	return true;
}

/* VmFlags is the last line of a mapping (show_smap_vma_flags()). */
static void add_mapping(const char *flags, long *walked)
{
	const bool data = strstr(flags, " wr") && !strstr(flags, " sh") && !strstr(flags, " gd");

	if (mapping.outside)
		return;
	walked[ANON] += mapping.anonymous;
	walked[OTHER] += mapping.resident - mapping.anonymous;
	walked[SWAPPED] += mapping.swapped;
	walked[LOCKED] += strstr(flags, " lo") ? mapping.size : 0;
	walked[DATA] += data ? mapping.size : 0;
	walked[SIZE] += mapping.size;
	walked[HUGETLB] += mapping.hugetlb;
	swapped_files |= mapping.of_file && mapping.swapped;
}

static void add_line(const char *line, long *walked)
{
	unsigned long start, inode;

	if (sscanf(line, "%lx-%*x %*s %*x %*s %lu", &start, &inode) == 2) {
		memset(&mapping, 0, sizeof(mapping));
		mapping.outside = start > LONG_MAX;
		mapping.of_file = inode;
	} else if (!strncmp(line, "VmFlags:", 8)) {
		add_mapping(line, walked);
	} else if (!starts(line, "Size", &mapping.size) &&
		   !starts(line, "Rss", &mapping.resident) &&
		   !starts(line, "Anonymous", &mapping.anonymous) &&
		   !starts(line, "Swap", &mapping.swapped) &&
		   !starts(line, "Shared_Hugetlb", &mapping.hugetlb)) {
		(void)starts(line, "Private_Hugetlb", &mapping.hugetlb);
	}
}

/* Lines that do not fit are cut: none that is parsed is so long. */
static void read_lines(int fd, void (*add)(const char *line, long *values), long *values)
{
	size_t used = 0;
	ssize_t got;
	char *line, *end;

	while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
		used += got;
		text[used] = '\0';
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			add(line, values);
		}
		used -= line - text;
		memmove(text, line, used);
		if (used == sizeof(text) - 1)
			used = 0;
	}
}

static bool many_threads;

static void add_status(const char *line, long *counted)
{
	long threads = 0;

	if (starts(line, "Threads", &threads))
		many_threads = threads > 1;
	else if (!starts(line, "RssAnon", &counted[ANON]) &&
		 !starts(line, "RssFile", &counted[OTHER]) &&
		 !starts(line, "RssShmem", &counted[OTHER]) &&
		 !starts(line, "VmSwap", &counted[SWAPPED]) &&
		 !starts(line, "VmLck", &counted[LOCKED]) &&
		 !starts(line, "VmData", &counted[DATA]) &&
		 !starts(line, "VmSize", &counted[SIZE]))
		(void)starts(line, "HugetlbPages", &counted[HUGETLB]);
}

/*
 * Before 6.2 a task keeps changes of RSS until it unmaps a page: zap_pte_range()
 * calls add_mm_rss_vec(), which adds them (sync_mm_rss()).
 */
static void settle(void)
{
	char *page = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	*page = 1;
	munmap(page, features.page_size);
}

static bool count(int status, int smaps, long *counted, long *walked)
{
	memset(counted, 0, COUNTS * sizeof(*counted));
	memset(walked, 0, COUNTS * sizeof(*walked));
	swapped_files = false;
	if (lseek(status, 0, SEEK_SET) || lseek(smaps, 0, SEEK_SET))
		return false;
	settle();
	read_lines(smaps, add_line, walked);
	read_lines(status, add_status, counted);
	return walked[SIZE] && counted[SIZE] && !many_threads;
}

static bool has_poison;

void own_counts_has_poison(void)
{
	has_poison = true;
}

static bool differs(int which, const long *counted, const long *walked)
{
	const bool exact = !kernel_has(CHANGE_RSS_PER_CPU) || kernel_has(CHANGE_RSS_IS_SUMMED);

	if (counts[which].per_page && !exact)
		return false;
	if ((which == ANON || which == OTHER) && has_poison)
		return false;
	if (which == SWAPPED && swapped_files)
		return false;
	return counted[which] != walked[which];
}

void own_counts_check(void)
{
	const int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC),
		  smaps = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	long counted[COUNTS], walked[COUNTS];
	bool readable = status >= 0 && smaps >= 0, all = false;
	int i, try;

	for (try = 0; readable && !all && try < TRIES; try++) {
		readable = count(status, smaps, counted, walked);
		for (i = 0, all = true; i < COUNTS; i++)
			all &= !differs(i, counted, walked);
	}
	for (i = 0; readable && !all && i < COUNTS; i++) {
		if (!differs(i, counted, walked))
			continue;
		set_rule(counts[i].rule);
		expect(false,
		       "at the end of the test, %s of its process is %ld kB, but %s of its smaps "
		       "is %ld kB",
		       counts[i].name, counted[i], counts[i].walked, walked[i]);
	}
	if (status >= 0)
		close(status);
	if (smaps >= 0)
		close(smaps);
}
