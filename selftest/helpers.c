// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers of the test programs, on a machine that they are told about. What
 * they make of it is printed; test_helpers.py judges.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "see/device_ranges.h"
#include "reach/child.h"
#include "kernel/kernel.h"
#include "see/page.h"
#include "see/pin.h"
#include "report/report.h"
#include "see/held_files.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "see/zone.h"

/* There are no devices, and there is no gup_test. */
enum place device_of_pfn(unsigned long pfn)
{
	(void)pfn;
	return PLACE_NOWHERE;
}

bool pfn_is_private(unsigned long pfn)
{
	(void)pfn;
	return false;
}

int pin_dump(const void *addr)
{
	(void)addr;
	return -1;
}

static int zones(int count, char **pfns)
{
	int i;

	printf("movable %d unmovable %d\n", movable_node(), unmovable_node());
	for (i = 0; i < count; i++)
		printf("%s %s\n", pfns[i],
		       pfn_is_movable(strtoul(pfns[i], NULL, 0)) ? "movable" : "system");
	return 0;
}

/*
 * What read_page() says of a page of each writer and of one that is empty, and of
 * how many words it does not notice that one of them has changed.
 */
static int bytes(void)
{
	const enum writer writers[] = { BY_OWNER, BY_MEDIUM, BY_OTHER };
	const size_t count = features.page_size / sizeof(uint64_t);
	uint64_t *page = calloc(count, sizeof(*page)), *other = calloc(count, sizeof(*other));
	size_t i, k, missed;

	if (!page || !other)
		return 1;
	for (k = 0; k <= ARRAY_SIZE(writers); k++) {
		memset(page, 0, features.page_size);
		if (k < ARRAY_SIZE(writers))
			write_page(page, 5, 3, writers[k]);
		write_page(other, 5, 3, k ? BY_OWNER : BY_MEDIUM);
		printf("%s", data_name(read_page(page, 5, 3, BY_OWNER, BY_MEDIUM)));
		for (i = 0, missed = 0; i < count; i++) {
			const uint64_t word = page[i];

			page[i] = other[i];
			missed += read_page(page, 5, 3, BY_OWNER, BY_MEDIUM) != DATA_MIXED;
			page[i] = word ^ 1;
			missed += read_page(page, 5, 3, BY_OWNER, BY_MEDIUM) != DATA_MIXED;
			page[i] = word;
		}
		printf(" %zu\n", missed);
	}
	return 0;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A child that never answers, and a signal every few milliseconds. */
static int silent_child(void)
{
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } };
	struct sigaction action = { .sa_handler = on_alarm };
	struct buffer buffer = { .pages = 1, .size = features.page_size };
	struct child child;

	child_fork(&child);
	/* Once, so that it dies with its parent from here on. */
	if (child_unmap(&child, &buffer, 0, 1))
		return 1;
	kill(child.pid, SIGSTOP);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	return (int)child_unmap(&child, &buffer, 0, 1);
}

static int killed_child(void)
{
	struct buffer buffer = { .pages = 1, .size = features.page_size };
	struct child child;

	child_fork(&child);
	kill(child.pid, SIGBUS);
	return (int)child_unmap(&child, &buffer, 0, 1);
}

/* What a test says when it ends in the middle; its report is printed. */
static int told_by(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(body());
	if (waitpid(pid, &status, 0) != pid)
		return 3;
	printf("%sfailures %d broken %d\n", report->text, report->failures, report->broken);
	return 0;
}

static int version(char *release)
{
	int major = 0, minor = 0;

	snprintf(features.release, sizeof(features.release), "%s", release);
	features.version = 0;
	features.sublevel = 0;
	if (sscanf(release, "%d.%d.%d", &major, &minor, &features.sublevel) >= 2)
		features.version = major * 100 + minor;
	changes_print(stdout);
	return 0;
}

/* A test that changes a setting and a folder, and dies. */
static char *setting, *folder;

static int change_and_die(void)
{
	int i;

	/* As in a loop of ksm_start() and ksm_stop(): more often than the table has room. */
	for (i = 0; i < 20; i++) {
		restore_setting(setting);
		restore_folder(folder);
		if (write_text(setting, "changed"))
			return 1;
	}
	abort();
}

static int undone(void)
{
	int status = told_by(change_and_die);

	printf("undone %d\n", restore_all());
	return status;
}

/* Writing to a pipe that nobody reads does not return. */
static int undo_hangs(void)
{
	restore_text(setting, "before");
	printf("undone %d\n", restore_all());
	printf("%sfailures %d broken %d\n", report->text, report->failures, report->broken);
	return 0;
}

/* A test that checks two rules, and one thing under no rule. */
static int checks(void)
{
	expect(true, "no rule");
	set_rule(RULE_ENTRY);
	expect(true, "held");
	expect_same(false, "what", "this", "that");
	expect(false, "did not hold");
	set_rule(RULE_REFERENCE_A_MAPPING);
	must(true, "held");
	claims_print(stdout);
	report_print_checks(stdout);
	report_begin("the next test");
	set_rule(RULE_ENTRY);
	expect(true, "held");
	report_print_checks(stdout);
	return 0;
}

/* Add files to those that are held: one of the device /dev/null, and a pipe, which is refused. */
static int hold(void)
{
	int ends[2];

	if (pipe(ends))
		return 3;
	held_files_add(open("/dev/null", O_RDONLY));
	held_files_add(ends[0]);
	return 0;
}

int main(int argc, char **argv)
{
	features.page_size = sysconf(_SC_PAGESIZE);
	report_create();
	restore_create();
	report_begin("helpers");
	if (argc > 1 && !strcmp(argv[1], "zones"))
		return zones(argc - 2, argv + 2);
	if (argc == 2 && !strcmp(argv[1], "bytes"))
		return bytes();
	if (argc == 2 && !strcmp(argv[1], "silent"))
		return told_by(silent_child);
	if (argc == 2 && !strcmp(argv[1], "killed"))
		return told_by(killed_child);
	if (argc == 2 && !strcmp(argv[1], "checks"))
		return checks();
	if (argc == 3 && !strcmp(argv[1], "version"))
		return version(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "undo")) {
		setting = argv[2];
		folder = argv[3];
		return undone();
	}
	if (argc == 3 && !strcmp(argv[1], "undo-hangs")) {
		setting = argv[2];
		return undo_hangs();
	}
	if (argc == 2 && !strcmp(argv[1], "hold"))
		return hold();
	if (argc == 3 && !strcmp(argv[1], HELD_FILES_HOLDER))
		return held_files_main(argv[2]);
	return 2;
}
