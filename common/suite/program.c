// SPDX-License-Identifier: GPL-2.0
#include "suite/program.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void construct(struct constructors rest)
{
	/* cppcheck-suppress comparePointers ; the linker puts both around one array */
	for (; rest.begin < rest.end; rest.begin++)
		(*rest.begin)();
}

/* Of a file with several programs: a program that is linked alone has its own. */
int __attribute__((weak)) main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	const struct program *program;
	size_t i;

	/* cppcheck-suppress comparePointers ; the linker puts both around one array */
	for (program = __start_programs; program < __stop_programs; program++) {
		if (strcmp(program->name, name))
			continue;
		for (i = 0; i < PROGRAM_PRIORITIES; i++)
			construct(program->constructors[i]);
		return program->main(argc, argv);
	}
	fprintf(stderr, "%s: this file has no program of this name\n", name);
	return 2;
}
