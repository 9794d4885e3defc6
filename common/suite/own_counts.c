// SPDX-License-Identifier: GPL-2.0
#include "suite/own_counts.h"

#include <ctype.h>
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

enum count {
	COUNT_ANON, COUNT_OTHER, COUNT_SWAPPED, COUNT_LOCKED, COUNT_DATA, COUNT_SIZE,
	COUNT_HUGETLB, COUNT_MAX
};

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
} counts[COUNT_MAX] = {
	[COUNT_ANON] = { "RssAnon", "Anonymous", RULE_ACCOUNTS_RETURN, true },
	[COUNT_OTHER] = { "RssFile + RssShmem", "Rss - Anonymous", RULE_ACCOUNTS_RETURN, true },
	[COUNT_SWAPPED] = { "VmSwap", "Swap", RULE_ACCOUNTS_RETURN, true },
	[COUNT_LOCKED] = { "VmLck", "Size of the locked mappings", RULE_MAPPINGS_ARE_COUNTED,
			   false },
	[COUNT_DATA] = { "VmData", "Size of the private writable mappings",
			 RULE_MAPPINGS_ARE_COUNTED, false },
	[COUNT_SIZE] = { "VmSize", "Size", RULE_MAPPINGS_ARE_COUNTED, false },
	[COUNT_HUGETLB] = { "HugetlbPages", "Shared_Hugetlb + Private_Hugetlb",
			    RULE_ACCOUNTS_RETURN, false },
};

/* One mapping of smaps, in kilobytes. */
struct mapping_counts {
	long size, resident, anonymous, swapped, hugetlb, share, locked_share, merged;
	bool outside;		/* not of the process: [vsyscall] */
	bool of_file;
};

/* Static, so that it is mapped before anything is counted. */
static char text[8192];
static struct mapping_counts mapping;
static long unlocked_share;	/* what Locked and Pss of a mapping differ by, in the worst case */
static long merged_unasked;	/* merged pages of a mapping that KSM may not merge */
static bool swapped_files;	/* smaps also counts what others swapped out of a file */

static bool starts(const char *line, const char *key, long *value)
{
	size_t length;

	/* Most lines are not this one: smaps has 22 for each of about 30 mappings. */
	if (*line != *key)
		return false;
	length = strlen(key);
	if (strncmp(line, key, length) || line[length] != ':')
		return false;
	*value += strtol(line + length + 1, NULL, 10);
	return true;
}

/* VmFlags is the last line of a mapping (show_smap_vma_flags()). */
static void add_mapping(const char *flags, long *walked)
{
	const bool data = strstr(flags, " wr") && !strstr(flags, " sh") && !strstr(flags, " gd");
	long difference;

	if (mapping.outside)
		return;
	walked[COUNT_ANON] += mapping.anonymous;
	walked[COUNT_OTHER] += mapping.resident - mapping.anonymous;
	walked[COUNT_SWAPPED] += mapping.swapped;
	walked[COUNT_LOCKED] += strstr(flags, " lo") ? mapping.size : 0;
	walked[COUNT_DATA] += data ? mapping.size : 0;
	walked[COUNT_SIZE] += mapping.size;
	walked[COUNT_HUGETLB] += mapping.hugetlb;
	swapped_files |= mapping.of_file && mapping.swapped;
	difference = mapping.locked_share - (strstr(flags, " lo") ? mapping.share : 0);
	if (difference)
		unlocked_share = difference;
	if (mapping.merged && !strstr(flags, " mg"))
		merged_unasked = mapping.merged;
}

static void add_line(const char *line, long *walked)
{
	unsigned long start, inode;

	/* All other lines begin with a capital. */
	if (!isupper(*line) && sscanf(line, "%lx-%*x %*s %*x %*s %lu", &start, &inode) == 2) {
		memset(&mapping, 0, sizeof(mapping));
		mapping.outside = start > LONG_MAX;
		mapping.of_file = inode;
	} else if (!strncmp(line, "VmFlags:", 8)) {
		add_mapping(line, walked);
	} else if (!starts(line, "Size", &mapping.size) &&
		   !starts(line, "Rss", &mapping.resident) &&
		   !starts(line, "Anonymous", &mapping.anonymous) &&
		   !starts(line, "Swap", &mapping.swapped) &&
		   !starts(line, "Pss", &mapping.share) &&
		   !starts(line, "Locked", &mapping.locked_share) &&
		   !starts(line, "KSM", &mapping.merged) &&
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
	else if (!starts(line, "RssAnon", &counted[COUNT_ANON]) &&
		 !starts(line, "RssFile", &counted[COUNT_OTHER]) &&
		 !starts(line, "RssShmem", &counted[COUNT_OTHER]) &&
		 !starts(line, "VmSwap", &counted[COUNT_SWAPPED]) &&
		 !starts(line, "VmLck", &counted[COUNT_LOCKED]) &&
		 !starts(line, "VmData", &counted[COUNT_DATA]) &&
		 !starts(line, "VmSize", &counted[COUNT_SIZE]))
		(void)starts(line, "HugetlbPages", &counted[COUNT_HUGETLB]);
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
	memset(counted, 0, COUNT_MAX * sizeof(*counted));
	memset(walked, 0, COUNT_MAX * sizeof(*walked));
	swapped_files = false;
	unlocked_share = 0;
	merged_unasked = 0;
	if (lseek(status, 0, SEEK_SET) || lseek(smaps, 0, SEEK_SET))
		return false;
	settle();
	read_lines(smaps, add_line, walked);
	read_lines(status, add_status, counted);
	return walked[COUNT_SIZE] && counted[COUNT_SIZE] && !many_threads;
}

/*
 * Bring in the code and the data that count() uses: each process of a test has its own page
 * table, and a page that is mapped between both files is in one of them only.
 */
static void touch(void)
{
	long unused[COUNT_MAX] = { 0 };

	memset(text, 1, sizeof(text));
	add_line("0-1000 rw-p 0 0:0 0", unused);
	add_line("Swap: 0 kB", unused);
	add_line("VmFlags: rd wr", unused);
	add_status("VmSize: 0 kB", unused);
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
	if ((which == COUNT_ANON || which == COUNT_OTHER) && has_poison)
		return false;
	if (which == COUNT_SWAPPED && swapped_files)
		return false;
	return counted[which] != walked[which];
}

void own_counts_check(void)
{
	const int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC),
		  smaps = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	long counted[COUNT_MAX], walked[COUNT_MAX];
	bool readable = status >= 0 && smaps >= 0, all = false;
	int i, try;

	touch();
	for (try = 0; readable && !all && try < TRIES; try++) {
		readable = count(status, smaps, counted, walked);
		for (i = 0, all = true; i < COUNT_MAX; i++)
			all &= !differs(i, counted, walked);
	}
	for (i = 0; readable && !all && i < COUNT_MAX; i++) {
		if (!differs(i, counted, walked))
			continue;
		set_rule(counts[i].rule);
		expect(false,
		       "at the end of the test, %s of its process is %ld kB, but %s of its smaps "
		       "is %ld kB",
		       counts[i].name, counted[i], counts[i].walked, walked[i]);
	}
	set_rule(RULE_REPORTED_BY_STATE);
	if (readable && unlocked_share)
		expect(false,
		       "at the end of the test, Locked of a mapping of its smaps is not Pss if it "
		       "is locked, and 0 if not: %ld kB too much",
		       unlocked_share);
	set_rule(RULE_NOT_MERGED);
	if (readable && merged_unasked)
		expect(false,
		       "at the end of the test, a mapping that is not mergeable has %ld kB of KSM",
		       merged_unasked);
	if (status >= 0)
		close(status);
	if (smaps >= 0)
		close(smaps);
}
