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

/* What an honest program does after it. */
static void rest(void)
{
	while (++done < planned)
		test("ok", names[done]);
}

static int second(const char *diagnostic, const char *verdict, int status)
{
	plan(planned);
	upto_second();
	if (diagnostic)
		puts(diagnostic);
	result(verdict, "liar.two");
	rest();
	return end(number, number, status);
}

static int honest(void)
{
	int i;

	plan(planned);
	for (i = 0; i < planned; i++)
		test("ok", names[i]);
	return end(number, number, 0);
}

static int honest_fail(void)
{
	return second("# fail: the bytes differ", "not ok", 1);
}

static int honest_broken(void)
{
	return second("# broken: the page was not on the device", "not ok", 3);
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

static int no_plan(void)
{
	upto_second();
	result("ok", "liar.two");
	rest();
	return end(number, number, 0);
}

static int wrong_plan(void)
{
	plan(planned + 1);
	upto_second();
	result("ok", "liar.two");
	rest();
	return end(number, number, 0);
}

static int one_missing(void)
{
	plan(planned);
	upto_second();
	result("ok", "liar.two");
	return end(planned, planned, 0);
}

static int one_twice(void)
{
	plan(planned);
	upto_second();
	result("ok", "liar.two");
	test("ok", "liar.two");
	rest();
	return end(number, number, 0);
}

static int uninvited(void)
{
	plan(planned);
	upto_second();
	result("ok", "liar.two");
	rest();
	test("ok", "liar.four");
	return end(number, number, 0);
}

static int ok_then_exit_1(void)
{
	return second(NULL, "ok", 1);
}

static int ok_then_exit_77(void)
{
	return second(NULL, "ok", 77);
}

static int not_ok_then_exit_0(void)
{
	return second("# fail: the bytes differ", "not ok", 0);
}

static int ok_with_fail(void)
{
	return second("# fail: the bytes differ", "ok", 0);
}

static int late_skip(void)
{
	plan(planned);
	upto_second();
	printf("# fail: the bytes differ\nok %d liar.two # SKIP not supported\n", ++number);
	rest();
	return end(number, number, 0);
}

static int exit_0_half_way(void)
{
	plan(planned);
	upto_second();
	return 0;
}

static int no_token(void)
{
	plan(planned);
	upto_second();
	result("ok", "liar.two");
	rest();
	return 0;
}

static int wrong_token(void)
{
	plan(planned);
	upto_second();
	result("ok", "liar.two");
	rest();
	return end(number - 1, number, 0);
}

static int no_check(void)
{
	plan(planned);
	upto_second();
	result("ok", "liar.two");
	rest();
	return end(number, 0, 0);
}

static int killed(void)
{
	const char *signal_number = getenv("LIE_SIGNAL");

	plan(planned);
	upto_second();
	raise(signal_number ? atoi(signal_number) : SIGSEGV);
	return 0;
}

static int killed_at_the_end(void)
{
	second(NULL, "ok", 0);
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
	plan(planned);
	upto_second();
	return sleep_on();
}

static int hang_ignoring_term(void)
{
	signal(SIGTERM, SIG_IGN);
	return hang();
}

static int hang_at_end(void)
{
	second(NULL, "ok", 0);
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
	plan(planned);
	upto_second();
	while (printf("# again and again and again and again and again and again and again and "
		      "again\n") >
	       0)
		;
	return 0;
}

static int endless_line(void)
{
	plan(planned);
	upto_second();
	while (printf("again and again and again and again and again and again and again and "
		      "again") >
	       0)
		;
	return 0;
}

/* A test that begins again and again must not be given time again and again. */
static int endless_begin(void)
{
	plan(planned);
	upto_second();
	while (poll(NULL, 0, 10) == 0)
		begin("liar.two");
	return 0;
}

static int half_a_line(void)
{
	plan(planned);
	upto_second();
	printf("ok 2 liar.two");
	fflush(stdout);
	return 0;
}

static int binary_output(void)
{
	int byte;

	plan(planned);
	upto_second();
	for (byte = 0; byte < 256; byte++)
		putchar(byte);
	putchar('\n');
	result("ok", "liar.two");
	rest();
	return end(number, number, 0);
}

static int result_like_text(void)
{
	return second("# Kernel panic - not syncing: BUG: [FAIL] ]]> <script>alert(1)</script> "
		      "\033[31m\n"
		      "#   not ok 7 liar.two\n# ok 5 fake",
		      "ok", 0);
}

static int stray_result(void)
{
	return second("ok 5 fake", "ok", 0);
}

static int guest_talk(void)
{
	plan(planned);
	upto_second();
	printf("# guest: exit liar 0\n# guest: done\n");
	fflush(stdout);
	return 0;
}

static const struct lie {
	const char *name;
	int (*tell)(void);
} lies[] = {
	{ "honest", honest },
	{ "honest-fail", honest_fail },
	{ "honest-broken", honest_broken },
	{ "honest-skip", honest_skip },
	{ "honest-flaky", honest_flaky },
	{ "silent", silent },
	{ "no-plan", no_plan },
	{ "wrong-plan", wrong_plan },
	{ "one-missing", one_missing },
	{ "one-twice", one_twice },
	{ "uninvited", uninvited },
	{ "ok-then-exit-1", ok_then_exit_1 },
	{ "ok-then-exit-77", ok_then_exit_77 },
	{ "not-ok-then-exit-0", not_ok_then_exit_0 },
	{ "exit-0-half-way", exit_0_half_way },
	{ "no-token", no_token },
	{ "wrong-token", wrong_token },
	{ "no-check", no_check },
	{ "killed", killed },
	{ "killed-at-the-end", killed_at_the_end },
	{ "hang", hang },
	{ "hang-ignoring-term", hang_ignoring_term },
	{ "hang-at-start", sleep_on },
	{ "hang-at-end", hang_at_end },
	{ "child-in-own-session", child_in_own_session },
	{ "child-holding-stdout", child_holding_stdout },
	{ "endless-output", endless_output },
	{ "endless-line", endless_line },
	{ "endless-begin", endless_begin },
	{ "half-a-line", half_a_line },
	{ "binary-output", binary_output },
	{ "result-like-text", result_like_text },
	{ "stray-result", stray_result },
	{ "guest-talk", guest_talk },
	{ "late-skip", late_skip },
	{ "ok-with-fail", ok_with_fail },
};

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
			return lies[i].tell();
	return honest();	/* the lie was in --list */
}
