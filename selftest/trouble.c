// SPDX-License-Identifier: GPL-2.0
/*
 * A test program that brings its guest into trouble. TROUBLE in the environment
 * cannot reach it there, so each trouble is a test.
 *
 * trouble.before and trouble.after pass; between them is the one that the run
 * asks for. It refuses to run anywhere but in a guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void pass(void)
{
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		exit(3);
	close(fd);
}

static void panic(void)
{
	write_to("/proc/sysrq-trigger", "c");
}

static void hang(void)
{
	while (pause())
		;
}

static void splat(void)
{
	write_to("/dev/kmsg", "<4>------------[ cut here ]------------\n");
	write_to("/dev/kmsg", "<4>WARNING: CPU: 0 PID: 1 at mm/gup.c:42 planted+0x1/0x2\n");
	write_to("/dev/kmsg", "<4>---[ end trace 0000000000000000 ]---\n");
}

/*
 * More than the pipe to a runner that does not read takes, in lines of 64
 * bytes: what is left waits in the port's queue.
 */
static void flood(void)
{
	int i;

	for (i = 0; i < 3072; i++)
		printf("# %061d\n", i);
}

static const struct test {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "trouble.before", pass },
	{ "trouble.panic", panic },
	{ "trouble.hang", hang },
	{ "trouble.splat", splat },
	{ "trouble.flood", flood },
	{ "trouble.after", pass },
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

static int find(const char *name)
{
	size_t i;

	for (i = 0; i < TESTS; i++)
		if (!strcmp(tests[i].name, name))
			return i;
	exit(2);
}

static void mark(const char *what, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "<6>hmm-coherent: %s %s\n", what, name);
	write_to("/dev/kmsg", line);
}

int main(int argc, char **argv)
{
	int order[64], count = 0, i;
	char name[64];
	FILE *list;

	for (i = 0; argc > 1 && !strcmp(argv[1], "--list") && i < (int)TESTS; i++)
		printf("%s\tin a guest only\n", tests[i].name);
	if (argc < 3 || strcmp(argv[1], "--run-list") || access("/job/plan", F_OK))
		return argc > 1 && !strcmp(argv[1], "--list") ? 0 : 2;
	list = fopen(argv[2], "r");
	while (list && count < 64 && fscanf(list, "%63s", name) == 1)
		order[count++] = find(name);
	printf("TAP version 13\n1..%d\n", count);
	for (i = 0; i < count; i++) {
		const struct test *test = &tests[order[i]];

		mark("begin", test->name);
		printf("# begin %s\n", test->name);
		fflush(stdout);
		test->run();
		mark("end", test->name);
		printf("ok %d %s # time=1ms\n", i + 1, test->name);
		fflush(stdout);
	}
	printf("# end trouble ran=%d checks=%d\n", count, count);
	return 0;
}
