// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel log as the test programs read it. For each message on stdin "1" or "0": is it a
 * complaint? With "wrap" as argument the log has lost records: is the test broken?
 */
#define _GNU_SOURCE
#define read log_read
#include "common/report/kmsg.c"
#undef read

static struct report none;
struct report *report = &none;
static int reads;

/* Records were overwritten, then there are no more: devkmsg_read(), kernel/printk/printk.c. */
ssize_t log_read(int fd, void *buffer, size_t size)
{
	(void)fd;
	(void)buffer;
	(void)size;
	errno = reads++ ? EAGAIN : EPIPE;
	return -1;
}

void report_line(const char *keyword, const char *fmt, ...)
{
	(void)keyword;
	(void)fmt;
}

void broken(const char *fmt, ...)
{
	(void)fmt;
	_exit(3);
}

int main(int argc, char **argv)
{
	char text[1024];

	if (argc > 1 && !strcmp(argv[1], "wrap")) {
		printf("%d\n", kmsg_collect(-1));
		printf("%d\n", report->broken);
		return 0;
	}
	while (fgets(text, sizeof(text), stdin)) {
		text[strcspn(text, "\n")] = '\0';
		printf("%d\n", kmsg_is_splat(text));
	}
	return 0;
}
