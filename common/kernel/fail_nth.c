// SPDX-License-Identifier: GPL-2.0
#include "kernel/fail_nth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/restore.h"
#include "report/report.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define DEBUG "/sys/kernel/debug/"

/* Open in a test that has called fail_nth_prepare(). */
static int file = -1;

/* By default no allocation fails that may wait, and no page of order 0. */
static const struct {
	const char *path;
	const char *value;
} settings[] = {
	{ DEBUG "failslab/ignore-gfp-wait", "N" },
	{ DEBUG "failslab/verbose", "0" },
	{ DEBUG "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUG "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUG "fail_page_alloc/min-order", "0" },
	{ DEBUG "fail_page_alloc/verbose", "0" },
	{ DEBUG "fail_usercopy/verbose", "0" },
};

void fail_nth_prepare(void)
{
	size_t i;
	int error;

	file = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (file < 0 && errno != ENOENT)
		syscall_failed(FAIL_NTH, errno);
	need(file >= 0, SKIP_NO_FAIL_NTH);
	/* interfaces.* compare these with the configuration; the other files come with them. */
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		need(!strstr(settings[i].path, "/verbose") || !access(settings[i].path, F_OK) ||
		     errno != ENOENT, SKIP_NO_FAIL_NTH);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		restore_setting(settings[i].path);
		error = write_text(settings[i].path, settings[i].value);
		if (error)
			syscall_failed(settings[i].path, -error);
	}
}

void fail_nth(unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(file, text, length, 0) != length)
		syscall_failed(FAIL_NTH, errno);
}

bool fail_nth_end(void)
{
	char text[16] = "";
	ssize_t got = pread(file, text, sizeof(text) - 1, 0);
	/* This read copies to user space: a rest of 1 makes it fail. */
	bool failed = got > 0 && !atoi(text);

	if (got < 0 && errno != EFAULT)
		syscall_failed(FAIL_NTH, errno);
	/* And the write copies from user space. */
	if (pwrite(file, "0", 1, 0) != 1 && (errno != EFAULT || pwrite(file, "0", 1, 0) != 1))
		syscall_failed(FAIL_NTH, errno);
	return failed;
}
