// SPDX-License-Identifier: GPL-2.0
#include "suite/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/report.h"

struct caught output_read(int fd, bool show)
{
	struct caught seen = { 0 };
	char line[2048];
	FILE *stream;

	lseek(fd, 0, SEEK_SET);
	stream = fdopen(dup(fd), "r");
	if (!stream)
		return seen;
	while (fgets(line, sizeof(line), stream)) {
		line[strcspn(line, "\n")] = '\0';
		seen.ok |= !strncmp(line, "ok ", 3);
		seen.not_ok |= !strncmp(line, "not ok ", 7);
		if (show)
			report_line("log:", "%s", line);
	}
	fclose(stream);
	return seen;
}

int output_catch(void (*body)(void))
{
	int fd = memfd_create("output", 0), saved_out = dup(STDOUT_FILENO),
	    saved_err = dup(STDERR_FILENO);

	fflush(NULL);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) {
		perror("hmm-coherent: cannot redirect the output of a test");
		exit(3);
	}
	body();
	fflush(NULL);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	return fd;
}
