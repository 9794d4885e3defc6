// SPDX-License-Identifier: GPL-2.0
#include "explore/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void op_print(const struct op *op, char *text, size_t size)
{
	char word[16];
	size_t used;
	int i;

	used = snprintf(text, size, "%s", op->row->name);
	for (i = 0; i < OP_OPTIONS && op->row->options[i] && used < size; i++) {
		op_option(op, i, word, sizeof(word));
		used += snprintf(text + used, size - used, " %s", word);
	}
	if (op->who != MM_OWNER && used < size)
		used += snprintf(text + used, size - used, " %s", who_name(op->who));
	if (op->row->pages == PAGES_NUMBER && used < size)
		snprintf(text + used, size - used, " %d", op->count);
	else if (op->row->pages != PAGES_NONE && op->count > 1 && used < size)
		snprintf(text + used, size - used, " %d-%d", op->first, op->first + op->count - 1);
	else if (op->row->pages != PAGES_NONE && used < size)
		snprintf(text + used, size - used, " %d", op->first);
}

void sequence_print(const struct sequence *sequence, char *text, size_t size)
{
	size_t i, used = 0;

	*text = '\0';
	for (i = 0; i < sequence->count && used < size; i++) {
		if (i)
			used += snprintf(text + used, size - used, "; ");
		if (used < size)
			op_print(&sequence->op[i], text + used, size - used);
		used += strlen(text + used);
	}
}

/* The words of one operation while they are read. */
struct words {
	char *rest;		/* of strtok_r() */
	const char *word;	/* the current one, or NULL at the end */
	int number;		/* of the current word, from 1 */
	int op;			/* of the operation, from 1 */
	char *error;
	size_t size;
};

static void next_word(struct words *words, char *text)
{
	words->word = strtok_r(text, " \t", &words->rest);
	words->number++;
}

static bool wrong(const struct words *words, const char *expected)
{
	if (words->word)
		snprintf(words->error, words->size,
			 "operation %d, word %d is '%.40s': expected %s", words->op,
			 words->number, words->word, expected);
	else
		snprintf(words->error, words->size,
			 "operation %d ends after %d words: expected %s", words->op,
			 words->number - 1, expected);
	return false;
}

/* The index of @word in @words, which are separated by '|'; -1 if it is not among them. */
static int find_word(const char *words, const char *word)
{
	const size_t length = strlen(word);
	int i;

	for (i = 0; *words; i++) {
		const size_t this = strcspn(words, "|");

		if (this == length && !strncmp(words, word, length))
			return i;
		words += this + (words[this] == '|');
	}
	return -1;
}

static bool read_name(struct op *op, struct words *words)
{
	char names[1024] = "one of ";
	size_t i, count, used = strlen(names);
	const struct op_row *rows = op_rows(&count);

	for (i = 0; i < count; i++) {
		if (words->word && !strcmp(words->word, rows[i].name)) {
			op->row = &rows[i];
			next_word(words, NULL);
			return true;
		}
		if (used < sizeof(names))
			used += snprintf(names + used, sizeof(names) - used, "%s%s",
					 i ? ", " : "", rows[i].name);
	}
	return wrong(words, names);
}

static bool read_options(struct op *op, struct words *words)
{
	char expected[64];
	int i;

	for (i = 0; i < OP_OPTIONS && op->row->options[i]; i++) {
		snprintf(expected, sizeof(expected), "%s", op->row->options[i]);
		op->option[i] = words->word ? find_word(op->row->options[i], words->word) : -1;
		if (op->option[i] < 0)
			return wrong(words, expected);
		next_word(words, NULL);
	}
	return true;
}

static void read_process(struct op *op, struct words *words)
{
	int who;

	op->who = MM_OWNER;
	for (who = MM_OWNER; op->row->names_process && words->word && who < MM_PROCESSES; who++) {
		if (strcmp(words->word, who_name(who)))
			continue;
		op->who = who;
		next_word(words, NULL);
		return;
	}
}

static bool read_pages(struct op *op, struct words *words)
{
	int first, last, end = 0, used;

	op->count = 1;
	if (op->row->pages == PAGES_NONE)
		return true;
	if (!words->word || sscanf(words->word, "%d%n", &first, &end) != 1)
		return wrong(words, op->row->names_process ?
				     "a process (owner, child, grandchild) or a page" :
				     "a page or a number of pages");
	last = first;
	if (op->row->pages == PAGES_SOME && words->word[end] == '-' &&
	    sscanf(words->word + end, "-%d%n", &last, &used) == 1)
		end += used;
	if (op->row->pages == PAGES_NUMBER) {
		if (words->word[end] || first < 1 || first > MM_BUFFER_PAGES)
			return wrong(words, "a number from 1 to 4");
		op->count = first;
	} else {
		if (words->word[end] || first < 0 || last < first || last >= MM_PAGES)
			return wrong(words, op->row->pages == PAGES_ONE ?
					     "one page from 0 to 7" : "pages from 0 to 7");
		if (first / MM_BUFFER_PAGES != last / MM_BUFFER_PAGES)
			return wrong(words, "pages of one buffer, 0-3 or 4-7");
		op->first = first;
		op->count = last - first + 1;
	}
	next_word(words, NULL);
	return true;
}

static bool op_parse(struct op *op, struct words *words, char *text)
{
	memset(op, 0, sizeof(*op));
	words->number = 0;
	next_word(words, text);
	if (!read_name(op, words) || !read_options(op, words))
		return false;
	read_process(op, words);
	if (!read_pages(op, words))
		return false;
	return !words->word || wrong(words, "';' or the end");
}

bool sequence_parse(struct sequence *sequence, const char *text, char *error, size_t size)
{
	char *copy = strdup(text), *rest, *one;
	struct words words = { .error = error, .size = size };
	bool right = copy;

	sequence->count = 0;
	for (one = copy ? strtok_r(copy, ";", &rest) : NULL; one && right;
	     one = strtok_r(NULL, ";", &rest)) {
		if (sequence->count == SEQUENCE_MAX) {
			snprintf(error, size, "more than %d operations", SEQUENCE_MAX);
			right = false;
			break;
		}
		words.op = (int)sequence->count + 1;
		right = op_parse(&sequence->op[sequence->count++], &words, one);
	}
	if (right && !sequence->count) {
		snprintf(error, size, "no operation: expected 'map 4', then others");
		right = false;
	}
	free(copy);
	return right;
}
