// SPDX-License-Identifier: GPL-2.0
/*
 * A test program that lies, one way at a time, as docs/architecture.md does not
 * allow it.
 *
 * LIE in the environment names the lie; without it the program is honest. Three
 * tests, liar.one to liar.three, of which the second is where things go wrong.
 * selftest/test_runner_liar.py says what the runner must make of each.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 4096

static char names[NAMES_MAX][64] = { "liar.one", "liar.two", "liar.three" };
static int planned = 3, done, number;

static void plan(int tests)
{
	printf("TAP version 13\n1..%d\n", tests);
}

static void begin(const char *name)
{
	printf("# begin %s\n", name);
	fflush(stdout);
}

static void result(const char *verdict, const char *name)
{
	printf("%s %d %s # time=1ms\n", verdict, ++number, name);
	fflush(stdout);
}

static void test(const char *verdict, const char *name)
{
	begin(name);
	result(verdict, name);
}

static int end(int ran, int checks, int status)
{
	printf("# end liar ran=%d checks=%d\n", ran, checks);
	fflush(stdout);
	return status;
}

/* Up to the test where most lies are told: it has begun, all before it passed. */
static void upto_second(void)
{
	for (done = 0; done < planned && strcmp(names[done], "liar.two"); done++)
		test("ok", names[done]);
	if (done < planned)
		begin(names[done]);
}

static void plan_upto_second(void)
{
	plan(planned);
	upto_second();
}

/* What an honest program does after it. */
static void rest(void)
{
	while (++done < planned)
		test("ok", names[done]);
}

static int honest(void)
{
	int i;

	plan(planned);
	for (i = 0; i < planned; i++)
		test("ok", names[i]);
	return end(number, number, 0);
}

static int honest_skip(void)
{
	int i;

	plan(planned);
	for (i = 0; i < planned; i++) {
		begin(names[i]);
		printf("ok %d %s # SKIP the driver is hidden\n", ++number, names[i]);
	}
	return end(number, 0, 4);
}

/* Fails the second test the first time that it runs and passes it from then on. */
static int honest_flaky(void)
{
	int i, failed = 0;

	plan(planned);
	for (i = 0; i < planned; i++) {
		begin(names[i]);
		if (failed || strcmp(names[i], "liar.two")) {
			result("ok", names[i]);
		} else {
			printf("# fail: the bytes differ\n");
			result("not ok", names[i]);
			failed = 1;
		}
	}
	return end(number, number, 1);
}

static int silent(void)
{
	return 0;
}

static int late_skip(void)
{
	plan_upto_second();
	printf("# fail: the bytes differ\nok %d liar.two # SKIP not supported\n", ++number);
	rest();
	return end(number, number, 0);
}

static int exit_0_half_way(void)
{
	plan_upto_second();
	return 0;
}

static int killed(void)
{
	const char *signal_number = getenv("LIE_SIGNAL");

	plan_upto_second();
	raise(signal_number ? atoi(signal_number) : SIGSEGV);
	return 0;
}

static int killed_at_the_end(void)
{
	honest();
	raise(SIGKILL);
	return 0;
}

static int sleep_on(void)
{
	while (pause())
		;
	return 0;
}

static int hang(void)
{
	plan_upto_second();
	return sleep_on();
}

static int hang_ignoring_term(void)
{
	signal(SIGTERM, SIG_IGN);
	return hang();
}

static int hang_at_end(void)
{
	honest();
	return sleep_on();
}

static int child_in_own_session(void)
{
	if (!fork()) {
		setsid();
		close(STDOUT_FILENO);
		sleep_on();
	}
	return honest();
}

static int child_holding_stdout(void)
{
	if (!fork())
		sleep_on();
	return honest();
}

static int endless_output(void)
{
	plan_upto_second();
	while (printf("# again and again and again and again and again and again and again\n") > 0)
		;
	return 0;
}

static int endless_line(void)
{
	plan_upto_second();
	while (printf("again and again and again and again and again and again and again") > 0)
		;
	return 0;
}

/* A test that begins again and again must not be given time again and again. */
static int endless_begin(void)
{
	plan_upto_second();
	while (poll(NULL, 0, 10) == 0)
		begin("liar.two");
	return 0;
}

static int half_a_line(void)
{
	plan_upto_second();
	printf("ok 2 liar.two");
	fflush(stdout);
	return 0;
}

static int binary_output(void)
{
	int byte;

	plan_upto_second();
	for (byte = 0; byte < 256; byte++)
		putchar(byte);
	putchar('\n');
	result("ok", "liar.two");
	rest();
	return end(number, number, 0);
}

static int guest_talk(void)
{
	plan_upto_second();
	printf("# guest: exit liar 0\n# guest: done\n");
	fflush(stdout);
	return 0;
}

#define DIFFER "# fail: the bytes differ"
#define LIKE_RESULTS "# Kernel panic - not syncing: BUG: [FAIL] ]]> <script>alert(1)</script> "	\
	"\033[31m\n#   not ok 7 liar.two\n# ok 5 fake"

/*
 * A lie is a function, or what the program does in another way than an honest
 * one, which tell() has.
 */
static const struct lie {
	const char *name;
	int (*tell)(void);
	int more_planned;	/* than it has */
	const char *says;	/* before the result of the second test */
	const char *verdict;	/* of the second test, in place of ok */
	const char *also;	/* a test that it runs when all have run */
	int more_ran;		/* in its last line */
	int status;
	int has_no_plan, has_no_rest, has_no_end, checks_nothing;
} lies[] = {
	{ "honest", .tell = honest },
	{ "honest-fail", .says = DIFFER, .verdict = "not ok", .status = 1 },
	{ "honest-broken", .says = "# broken: the page was not on the device",
	  .verdict = "not ok", .status = 3 },
	{ "honest-skip", .tell = honest_skip },
	{ "honest-flaky", .tell = honest_flaky },
	{ "silent", .tell = silent },
	{ "no-plan", .has_no_plan = 1 },
	{ "wrong-plan", .more_planned = 1 },
	{ "one-missing", .has_no_rest = 1, .more_ran = 1 },
	{ "one-twice", .also = "liar.two" },
	{ "uninvited", .also = "liar.four" },
	{ "ok-then-exit-1", .status = 1 },
	{ "ok-then-exit-77", .status = 77 },
	{ "not-ok-then-exit-0", .says = DIFFER, .verdict = "not ok" },
	{ "exit-0-half-way", .tell = exit_0_half_way },
	{ "no-token", .has_no_end = 1 },
	{ "wrong-token", .more_ran = -1 },
	{ "no-check", .checks_nothing = 1 },
	{ "killed", .tell = killed },
	{ "killed-at-the-end", .tell = killed_at_the_end },
	{ "hang", .tell = hang },
	{ "hang-ignoring-term", .tell = hang_ignoring_term },
	{ "hang-at-start", .tell = sleep_on },
	{ "hang-at-end", .tell = hang_at_end },
	{ "child-in-own-session", .tell = child_in_own_session },
	{ "child-holding-stdout", .tell = child_holding_stdout },
	{ "endless-output", .tell = endless_output },
	{ "endless-line", .tell = endless_line },
	{ "endless-begin", .tell = endless_begin },
	{ "half-a-line", .tell = half_a_line },
	{ "binary-output", .tell = binary_output },
	{ "result-like-text", .says = LIKE_RESULTS },
	{ "stray-result", .says = "ok 5 fake" },
	{ "guest-talk", .tell = guest_talk },
	{ "late-skip", .tell = late_skip },
	{ "ok-with-fail", .says = DIFFER },
};

static int tell(const struct lie *lie)
{
	if (lie->tell)
		return lie->tell();
	if (!lie->has_no_plan)
		plan(planned + lie->more_planned);
	upto_second();
	if (lie->says)
		puts(lie->says);
	result(lie->verdict ? lie->verdict : "ok", "liar.two");
	if (!lie->has_no_rest)
		rest();
	if (lie->also)
		test("ok", lie->also);
	if (lie->has_no_end)
		return 0;
	return end(number + lie->more_ran, lie->checks_nothing ? 0 : number, lie->status);
}

/* What --list says, for the lies that are told there already. */
static int list(const char *lie)
{
	if (!strcmp(lie, "no-test"))
		return 0;
	if (!strcmp(lie, "list-hangs"))
		return sleep_on();
	printf("liar.one\tthe first\nliar.two\tthe second, where the lie is\nliar.three\tthe "
	       "third\n");
	if (!strcmp(lie, "duplicate-name"))
		printf("liar.two\tthe second again\n");
	if (!strcmp(lie, "folded-name"))
		printf("liar_two\tthe second for readers that fold\n");
	if (!strcmp(lie, "bad-name"))
		printf("liar two ]]>\tno name\n");
	return !strcmp(lie, "list-fails");
}

static void read_names(const char *path)
{
	FILE *file = fopen(path, "r");

	for (planned = 0; file && planned < NAMES_MAX && fscanf(file, "%63s", names[planned]) == 1;
	     planned++)
		;
	if (file)
		fclose(file);
}

/*
 * A lie is told in the second test; a program that is asked for the others
 * only, after the first one died, is honest.
 */
static int is_asked_for_second(void)
{
	int i;

	for (i = 0; i < planned; i++)
		if (!strcmp(names[i], "liar.two"))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	const char *lie = getenv("LIE");
	size_t i;

	if (!lie)
		lie = "honest";
	if (argc > 1 && !strcmp(argv[1], "--list"))
		return list(lie);
	if (argc > 2 && !strcmp(argv[1], "--run-list"))
		read_names(argv[2]);
	if (!is_asked_for_second())
		lie = "honest";
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (!strcmp(lie, lies[i].name))
			return tell(&lies[i]);
	return honest();	/* the lie was in --list */
}
