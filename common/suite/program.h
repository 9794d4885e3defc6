/* SPDX-License-Identifier: GPL-2.0 */
/*
 * program.h - several programs in one file, which has a name for each (Makefile)
 *
 * Under emulation a guest has to translate the instructions of each file that it
 * runs anew, also those that all programs have in common. That takes longer than
 * the first tests of a program.
 */
#ifndef HMM_COHERENT_PROGRAM_H
#define HMM_COHERENT_PROGRAM_H

/*
 * The constructors of a program of such a file, by which the harness registers
 * its tests. The Makefile renames their sections, so that they run only if the
 * program runs: since 6.12 each maps memory, which each fork() would copy.
 */
struct constructors {
	void (*const *begin)(void);
	void (*const *end)(void);
};

/* KSELFTEST_PRIO_TEST, KSELFTEST_PRIO_XFAIL, and those without a priority */
#define PROGRAM_PRIORITIES 3

struct program {
	const char *name;
	int (*main)(int argc, char **argv);
	struct constructors constructors[PROGRAM_PRIORITIES];
};

/* The linker makes these, if a program has an entry. */
extern const struct program __start_programs[] __attribute__((weak));
extern const struct program __stop_programs[] __attribute__((weak));

/* With PROGRAM, which is the X of hmm_coherent_X, main() has another name, by -Dmain. */
#ifdef PROGRAM
#define PROGRAM_TEXT_OF(a) #a
#define PROGRAM_TEXT(a) PROGRAM_TEXT_OF(a)
#define PROGRAM_PASTE(a, b) a##b
#define PROGRAM_NAME(a, b) PROGRAM_PASTE(a, b)
#define PROGRAM_BEGIN(priority) PROGRAM_NAME(__start_init_##priority##_, PROGRAM)
#define PROGRAM_END(priority) PROGRAM_NAME(__stop_init_##priority##_, PROGRAM)
#define PROGRAM_DECLARE(priority) \
	extern void (*const PROGRAM_BEGIN(priority)[])(void) __attribute__((weak)); \
	extern void (*const PROGRAM_END(priority)[])(void) __attribute__((weak))

PROGRAM_DECLARE(20000);
PROGRAM_DECLARE(20001);
PROGRAM_DECLARE(last);

int main(int argc, char **argv);

static const struct program this_program __attribute__((used, section("programs"))) = {
	.name = "hmm_coherent_" PROGRAM_TEXT(PROGRAM),
	.main = main,
	.constructors = {
		{ PROGRAM_BEGIN(20000), PROGRAM_END(20000) },
		{ PROGRAM_BEGIN(20001), PROGRAM_END(20001) },
		{ PROGRAM_BEGIN(last), PROGRAM_END(last) },
	},
};
#endif

#endif
