// SPDX-License-Identifier: GPL-2.0
#include "explore/scenario_file.h"

#include <string.h>

#include "explore/parts.h"
#include "explore/replay.h"

static int count_pages(const struct sequence *sequence)
{
	int pages = 0;
	size_t i;

	for (i = 0; i < sequence->count; i++)
		if (sequence->op[i].row->pages == PAGES_NUMBER)
			pages += sequence->op[i].count;
	return pages;
}

static void write_fixture(FILE *out, const char *name, const char *body, int pages)
{
	const bool remote = strstr(body, "&self->remote"), private = strstr(body, "&self->private");
	const bool ring = strstr(body, "&self->ring"), held = strstr(body, "&self->held");
	const bool uffd = strstr(body, "self->uffd");

	fprintf(out, "FIXTURE(%s)\n{\n\tstruct story story;\n", name);
	fprintf(out, "%s%s%s%s%s%s};\n\n", remote ? "\tstruct device remote;\n" : "",
		private ? "\tstruct device private;\n" : "", ring ? "\tstruct ring ring;\n" : "",
		held ? "\tint held;\n" : "", uffd ? "\tint uffd;\n" : "",
		strstr(body, "self->pipe[") ? "\tint pipe[2][2];\n" : "");
	fprintf(out, "FIXTURE_VARIANT(%s)\n{\n\tenum place place;\n};\n\n"
		"FIXTURE_VARIANT_ADD(%s, system) { .place = PLACE_SYSTEM };\n\n", name, name);
	fprintf(out, "FIXTURE_SETUP(%s)\n{\n", name);
	fprintf(out, "%s%s%s%s%s\tstory_begin(&self->story, variant->place, false, %d);\n}\n\n",
		remote ? "\tdevice_open(&self->remote, PLACE_REMOTE, BUFFER_PAGES_MAX);\n" : "",
		private ? "\tdevice_open(&self->private, PLACE_PRIVATE, BUFFER_PAGES_MAX);\n" : "",
		ring ? "\tring_open(&self->ring);\n" : "", held ? "\tself->held = -1;\n" : "",
		uffd ? "\tself->uffd = -1;\n" : "", pages);
	fprintf(out, "FIXTURE_TEARDOWN(%s)\n{\n", name);
	fprintf(out, "%s%s%s%s%s\tstory_end(&self->story);\n}\n\n",
		uffd ? "\tif (self->uffd >= 0)\n\t\tclose(self->uffd);\n" : "",
		held ? "\tif (self->held >= 0)\n\t\tpin_drop(self->held);\n" : "",
		ring ? "\tring_close(&self->ring);\n" : "",
		private ? "\tdevice_close(&self->private);\n" : "",
		remote ? "\tdevice_close(&self->remote);\n" : "");
}

/* @text in lines of at most 80 characters, broken behind a semicolon. */
static void write_lines(FILE *out, const char *text, const char *before, const char *after)
{
	size_t length, next;

	while (*text) {
		text += strspn(text, " ");
		for (length = strcspn(text, ";") + 1; length < strlen(text); length = next) {
			next = length + strcspn(text + length, ";") + 1;
			if (next > 80)
				break;
		}
		length = length > strlen(text) ? strlen(text) : length;
		fprintf(out, "%s%.*s%s", before, (int)length, text, after);
		text += length;
	}
}

static const char includes[] =
	"#include \"suite/harness.h\"\n\n#include <fcntl.h>\n#include <signal.h>\n"
	"#include <sys/ioctl.h>\n"
	"#include <sys/mman.h>\n#include <sys/uio.h>\n#include <unistd.h>\n\n"
	"#include \"kernel/memory.h\"\n#include \"reach/monitor.h\"\n"
	"#include \"see/pin.h\"\n#include \"story/story.h\"\n";

void scenario_file_print(FILE *out, const struct scenario_file *file)
{
	char text[SEQUENCE_TEXT], identifier[128];
	char *c;
	size_t i;

	snprintf(identifier, sizeof(identifier), "%s", file->name);
	for (c = identifier; *c; c++)
		*c = *c == '-' ? '_' : *c;
	sequence_print(file->sequence, text, sizeof(text));
	parts_license(out);
	fprintf(out, "/*\n");
	write_lines(out, text, " * ", "\n");
	fprintf(out, " *\n"
		" * Found by random sequences (docs/explore.md). Give it a name that says what it\n"
		" * shows, save it as hmm-coherent/%s.c, and add it to PROGRAMS in the Makefile.\n"
		" */\n%s\n", identifier, includes);
	write_fixture(out, identifier, file->steps, count_pages(file->sequence));
	fprintf(out, "%s%sSCENARIO(%s, sequence,\n", file->used, file->acts, identifier);
	write_lines(out, text, "\t \"", " \"\n");
	fprintf(out, "\t)\n{\n\tstruct story *s = &self->story;\n\n");
	for (i = 0; i < SCENARIO_NEEDS && file->needs[i]; i++)
		fprintf(out, "\t%s;\n", file->needs[i]);
	fprintf(out, "%s}\n\nint main(int argc, char **argv)\n{\n"
		"\treturn harness_main(\"hmm_coherent_%s\", argc, argv);\n}\n", file->steps,
		identifier);
}
