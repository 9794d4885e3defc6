// SPDX-License-Identifier: GPL-2.0
#include "suite/program.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Of a file with several programs: a program that is linked alone has its own. */
int __attribute__((weak)) main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	const struct program *program;

	/* cppcheck-suppress comparePointers ; the linker puts both around one array */
	for (program = __start_programs; program < __stop_programs; program++)
		if (!strcmp(program->name, name))
			return program->main(argc, argv);
	fprintf(stderr, "%s: this file has no program of this name\n", name);
	return 2;
}
