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

struct program {
	const char *name;
	int (*main)(int argc, char **argv);
};

/* The linker makes these, if a program has an entry. */
extern const struct program __start_programs[] __attribute__((weak));
extern const struct program __stop_programs[] __attribute__((weak));

/* With PROGRAM, the name of this one, its main() has another name, by -Dmain. */
#ifdef PROGRAM
int main(int argc, char **argv);

static const struct program this_program __attribute__((used, section("programs"))) = {
	PROGRAM, main
};
#endif

#endif
