// SPDX-License-Identifier: GPL-2.0
#include "report/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"

/*
 * Prefix of the lines that this suite writes to the log. They are never a
 * splat, whatever test name they contain.
 */
#define MARK "hmm-coherent: "

/* Lines of a splat that the report shows. The kernel log of the run has all of them. */
#define SPLAT_LINES 10

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		kmsg_skip(fd);
	return fd;
}

void kmsg_skip(int fd)
{
	lseek(fd, 0, SEEK_END);
}

int kmsg_next(int fd, char *text, size_t size)
{
	char record[8192], *body, *end;
	ssize_t len = read(fd, record, sizeof(record) - 1);

	if (len < 0)
		return errno == EPIPE ? -1 : 0;
	record[len] = '\0';
	body = strchr(record, ';');
	body = body ? body + 1 : record;
	end = strchr(body, '\n');
	if (end)
		*end = '\0';
	/*
	 * The end of a line within a record, as msg_add_ext_text(),
	 * kernel/printk/printk.c, writes it.
	 */
	while ((end = strstr(body, "\\x0a"))) {
		*end = '\n';
		memmove(end + 1, end + 4, strlen(end + 4) + 1);
	}
	snprintf(text, size, "%s", body);
	return 1;
}

void kmsg_mark(const char *what, const char *name)
{
	static int fd = -1;
	char line[512];
	int length;

	if (fd < 0)
		fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	/*
	 * Level 6 goes to the log and not to a serial console, where a thousand
	 * pairs of marks would take seconds. One write is one record. A record
	 * without a newline cannot be read before the next one is written
	 * (vprintk_store(), kernel/printk/printk.c).
	 */
	length = snprintf(line, sizeof(line), "<6>" MARK "%s %s\n", what, name);
	if (fd >= 0 && write(fd, line, length) != length)
		report_line("note:", "the marker could not be written to the kernel log");
}

void kmsg_warn_again(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1", 1) != 1)
		report_line("note:",
			    "WARN_ONCE could not be reset: a warning that was printed before is "
			    "not printed again");
}

/*
 * Does @text begin with @pattern, in which "*" is any text? Each line of the
 * log is compared with each pattern, and most differ in the first character.
 */
static bool begins(const char *text, const char *pattern)
{
	size_t length;

	for (; *pattern && *pattern != '*'; pattern++, text++)
		if (*text != *pattern)
			return false;
	while (*pattern) {
		pattern++;
		length = strcspn(pattern, "*");
		text = memmem(text, strlen(text), pattern, length);
		if (!text)
			return false;
		text += length;
		pattern += length;
	}
	return true;
}

/* @line is one line of a message, without leading blanks. */
static bool line_is_splat(const char *line)
{
#define SPLAT(pattern)		{ pattern, true },
#define HARMLESS(pattern, why)	{ pattern, false },
	static const struct {
		const char *pattern;
		bool splat;
	} signs[] = {
#include "report/splats.h"
	};
#undef SPLAT
#undef HARMLESS
	bool found = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signs); i++) {
		if (!begins(line, signs[i].pattern))
			continue;
		if (!signs[i].splat)
			return false;
		found = true;
	}
	return found;
}

bool kmsg_is_splat(const char *text)
{
	char line[1024];
	size_t length;

	if (!strncmp(text, MARK, strlen(MARK)))
		return false;
	for (;;) {
		text += strspn(text, "\n ");
		if (!*text)
			return false;
		length = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		if (line_is_splat(line))
			return true;
		text += length;
	}
}

void kmsg_allow(const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(report->allowed); i++) {
		if (!report->allowed[i]) {
			report->allowed[i] = text;
			/* For the readers of the saved log. */
			kmsg_mark("allow", text);
			return;
		}
	}
	broken("a test allows more kernel messages than its report can hold");
}

static bool allowed(const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(report->allowed); i++)
		if (report->allowed[i] && strstr(text, report->allowed[i]))
			return true;
	return false;
}

int kmsg_collect(int fd)
{
	char text[1024];
	int splats = 0, show = 0, got;

	while ((got = kmsg_next(fd, text, sizeof(text))) != 0) {
		if (got < 0) {
			/*
			 * The lost records may contain a complaint. If the rest
			 * contains one, the test fails.
			 */
			report->broken = true;
			report_line("broken:",
				    "the kernel log wrapped: messages of this test are lost");
			continue;
		}
		if (kmsg_is_splat(text) && !allowed(text)) {
			/*
			 * One report can have several "WARNING:" and "BUG:"
			 * lines; count it once.
			 */
			if (!show) {
				splats++;
				show = SPLAT_LINES;
			}
		}
		if (show) {
			report_line("splat:", "%s", text);
			show--;
		}
	}
	return splats;
}
