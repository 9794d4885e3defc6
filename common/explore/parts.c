// SPDX-License-Identifier: GPL-2.0
/*
 * A part is a function or a variable with the comment before it: text up to an
 * empty line that is not followed by an indented one.
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
	const char *end = strncmp(c, "/*", 2) ? NULL : strstr(c, "*/");
	const char quote = *c;

	if (end)
		return end + 2;
	if (!strncmp(c, "//", 2))
		return c + strcspn(c, "\n");
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

/* The next word at @c or behind it, outside of comments and strings; its end is NULL if none is. */
static const char *next_word(const char *c, size_t *length)
{
	while (*c) {
		const char *behind = skip(c);

		*length = word_length(behind);
		if (*length)
			return behind;
		c = behind > c ? behind : c + 1;
	}
	return NULL;
}

bool text_uses(const char *text, const char *name)
{
	size_t length = 0;

	for (text = next_word(text, &length); text; text = next_word(text + length, &length))
		if (length == strlen(name) && !strncmp(text, name, length))
			return true;
	return false;
}

/* Where what the part defines has its name: behind comments, lines of cpp and attributes. */
static const char *definition(const struct part *part)
{
	const char *c = part->text, *attribute;

	while (*c == '/' || *c == '#' || *c == '\n')
		c = *c == '/' ? skip(c) : c + strcspn(c, "\n") + 1;
	attribute = strstr(c, ATTRIBUTE);
	return attribute && attribute < c + strcspn(c, "\n") ? strstr(attribute, "))") + 2 : c;
}

/* The name that the part defines: the last word before the first of "([={;". */
static void find_name(struct part *part)
{
	const char *begin = definition(part), *end = begin + strcspn(begin, "([={;"), *word;
	size_t length = 0;

	for (word = next_word(begin, &length); word && word < end;
	     word = next_word(word + length, &length))
		snprintf(part->name, sizeof(part->name), "%.*s", (int)length, word);
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

void parts_license(FILE *out)
{
	/* checkpatch would take the whole word for one of this file. */
	fprintf(out, "// %s-License-Identifier: GPL-2.0\n", "SPDX");
}
