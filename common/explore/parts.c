// SPDX-License-Identifier: GPL-2.0
/*
 * A part is a function or a variable with the comment before it: text up to an
 * empty line that is not followed by an indented one. Its name is the last word
 * before the first of "([={;".
 */
#include "explore/parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 200
#define ATTRIBUTE "__attribute__(("

struct part {
	char *text;
	char name[64];
	bool used;
};

static struct part parts[PARTS_MAX];
static size_t count;

/* Behind the comment or string at @c, or @c if there is none. */
static const char *skip(const char *c)
{
	const char *end;
	char quote = *c;

	if (!strncmp(c, "//", 2))
		return c + strcspn(c, "\n");
	if (!strncmp(c, "/*", 2)) {
		end = strstr(c, "*/");
		return end ? end + 2 : c + strlen(c);
	}
	if (quote != '"' && quote != '\'')
		return c;
	for (c++; *c && *c != quote; c++)
		c += *c == '\\' && c[1];
	return *c ? c + 1 : c;
}

static size_t word_length(const char *c)
{
	size_t length = 0;

	while (isalnum((unsigned char)c[length]) || c[length] == '_')
		length++;
	return length;
}

bool text_uses(const char *text, const char *name)
{
	while (*text) {
		const char *next = skip(text);
		const size_t length = word_length(next);

		if (length && length == strlen(name) && !strncmp(next, name, length))
			return true;
		text = next > text && !length ? next : next + (length ? length : 1);
	}
	return false;
}

/* The name that the part defines. */
static void find_name(struct part *part)
{
	const char *c = part->text;

	while (*c && !strchr("([={;", *c)) {
		const char *next = skip(c);
		const size_t length = word_length(next);

		if (!strncmp(next, ATTRIBUTE, strlen(ATTRIBUTE))) {
			c = strstr(next, "))") + 2;
			continue;
		}

		if (length)
			snprintf(part->name, sizeof(part->name), "%.*s", (int)length, next);
		c = next > c && !length ? next : next + (length ? length : 1);
	}
}

static void add_parts(char *text)
{
	char *end;

	while (*text && count < PARTS_MAX) {
		end = text;
		do
			end = strstr(end + 1, "\n\n");
		while (end && isspace((unsigned char)end[2]));
		if (end)
			end[1] = '\0';
		parts[count].text = text;
		find_name(&parts[count++]);
		if (!end)
			break;
		text = end + 2;
	}
}

static bool read_file(const char *folder, const char *name)
{
	char path[4096], *text = NULL;
	size_t size = 0;
	FILE *file;
	bool got;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	got = getdelim(&text, &size, '\0', file) > 0;
	fclose(file);
	if (got)
		add_parts(text);
	return got;
}

/* Mark the parts that @text uses. */
static void use(const char *text)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (parts[i].used || !text_uses(text, parts[i].name))
			continue;
		parts[i].used = true;
		use(parts[i].text);
	}
}

bool parts_print(FILE *out, const char *folder, const char *const *files, const char *text)
{
	size_t i;

	for (count = 0; *files; files++)
		if (!read_file(folder, *files))
			return false;
	use(text);
	for (i = 0; i < count; i++)
		if (parts[i].used)
			fprintf(out, "%s\n", parts[i].text);
	return true;
}
