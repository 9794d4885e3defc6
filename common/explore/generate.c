// SPDX-License-Identifier: GPL-2.0
#include "explore/generate.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/replay.h"

/* How often the words of an operation are drawn until it is possible. */
#define CHOICES 8

/* splitmix64: the same numbers everywhere. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static int below(uint64_t *state, int limit)
{
	return draw(state) % limit;
}

/* Call @each for the words of @text until it returns false, which is then the result. */
static bool for_words(const char *text, bool (*each)(const char *word, void *arg), void *arg)
{
	char word[64];
	size_t length;

	for (; text && *text; text += length) {
		text += strspn(text, " ");
		length = strcspn(text, " ");
		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		if (length && !each(word, arg))
			return false;
	}
	return true;
}

/* A glob matches the name of an operation, or its text with options: "pin long*". */
static bool does_not_match(const char *glob, void *name)
{
	return fnmatch(glob, name, 0);
}

static bool is_chosen(const struct generator *generator, const struct op_row *row)
{
	return !generator->only || !*generator->only ||
	       !for_words(generator->only, does_not_match, (void *)row->name);
}

struct weight {
	const char *name;
	int weight;
};

static bool take_weight(const char *word, void *arg)
{
	struct weight *weight = arg;
	const size_t length = strcspn(word, "=");

	if (strlen(weight->name) == length && !strncmp(word, weight->name, length))
		weight->weight = atoi(word + length + 1);
	return true;
}

static int weight_of(const struct generator *generator, const struct op_row *row)
{
	struct weight weight = { row->name, row->weight };

	/* "map" only begins a sequence. */
	if (row->pages == PAGES_NUMBER || !is_chosen(generator, row))
		return 0;
	for_words(generator->weights, take_weight, &weight);
	return weight.weight;
}

struct checking {
	const char *what;
	char *error;
	size_t size;
};

static bool is_glob_of_an_op(const char *glob, void *arg)
{
	const struct checking *checking = arg;
	size_t i, count;
	const struct op_row *rows = op_rows(&count);

	for (i = 0; i < count; i++)
		if (!fnmatch(glob, rows[i].name, 0))
			return true;
	snprintf(checking->error, checking->size, "no operation matches '%s'", glob);
	return false;
}

static bool is_weight(const char *word, void *arg)
{
	const struct checking *checking = arg;
	const size_t length = strcspn(word, "=");
	char name[64], *end;
	size_t i, count;
	const struct op_row *rows = op_rows(&count);
	long number;

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	number = word[length] ? strtol(word + length + 1, &end, 10) : -1;
	for (i = 0; i < count; i++)
		if (!strcmp(name, rows[i].name) && number >= 0 && number <= 1000 && !*end)
			return true;
	snprintf(checking->error, checking->size,
		 "'%s' is not the weight of an operation, such as fork=5 (0 to 1000)", word);
	return false;
}

bool generator_check(const struct generator *generator, char *error, size_t size)
{
	struct checking checking = { .error = error, .size = size };
	size_t i, count;
	const struct op_row *rows = op_rows(&count);
	int sum = 0;

	if (!for_words(generator->only, is_glob_of_an_op, &checking) ||
	    !for_words(generator->weights, is_weight, &checking))
		return false;
	for (i = 0; i < count; i++)
		sum += weight_of(generator, &rows[i]);
	if (!sum)
		snprintf(error, size, "no operation is left");
	return sum;
}

static const struct op_row *choose_row(const struct generator *generator, uint64_t *state)
{
	size_t i, count;
	const struct op_row *rows = op_rows(&count);
	int sum = 0, left;

	for (i = 0; i < count; i++)
		sum += weight_of(generator, &rows[i]);
	left = below(state, sum);
	for (i = 0; left >= weight_of(generator, &rows[i]); i++)
		left -= weight_of(generator, &rows[i]);
	return &rows[i];
}

/*
 * One operation. Few pages, so that the operations meet: mostly the first ones,
 * and mostly one or two at a time.
 */
static struct op choose(const struct op_row *row, const struct mm_model *m, uint64_t *state)
{
	struct op op = { .row = row, .count = 1 };
	const int pages = m->buffers * MM_BUFFER_PAGES;
	int i, room;

	for (i = 0; i < OP_OPTIONS && op.row->options[i]; i++)
		op.option[i] = below(state, op_choices(op.row, i));
	if (op.row->names_process && below(state, 2))
		op.who = below(state, MM_PROCESSES);
	if (op.row->pages == PAGES_NONE)
		return op;
	op.first = below(state, 3) ? below(state, 2) : below(state, pages);
	room = MM_BUFFER_PAGES - op.first % MM_BUFFER_PAGES;
	if (op.row->pages == PAGES_SOME && below(state, 2))
		op.count = 1 + below(state, room);
	return op;
}

/* A kernel and a machine that have everything. */
static const struct mm_kernel everything = {
	.dio_pins = true, .longterm_own_page = true, .clean_upgrades = true, .mem_force = true,
	.pin_stays = true, .close_evicts = true, .uffd_wp = true, .uffd_move = true,
	.soft_dirty = true, .guards = true, .clones = true, .counts_pins = true,
	.exact_rss = true, .gup_test = true, .ring = true, .medium = true, .slow = true,
	.file = true, .two_nodes = true, .swap = true, .ksm = true, .unmerge_unshares = true,
	.file_buffers = true, .swapin_writes = true, .walks_for_status = true, .no_swap = true,
};

static void append(struct sequence *sequence, struct mm_model *m, const struct op *op)
{
	struct step step = { 0 };

	op->row->expect(m, op, &step);
	sequence->op[sequence->count++] = *op;
}

static void append_text(struct sequence *sequence, struct mm_model *m, const char *text)
{
	struct sequence some;
	char error[128];
	size_t i;

	if (!sequence_parse(&some, text, error, sizeof(error)))
		return;
	for (i = 0; i < some.count; i++)
		append(sequence, m, &some.op[i]);
}

static const char *const begins[] = {
	"map 4; write 0-3", "map 4; write 0-3", "map 4; map 4; write 0-3; write 4-6",
	"map 4; file 3; write 0-3", "file 4; map 2; write 1; write 4",
};

void sequence_generate(struct sequence *sequence, const struct generator *generator)
{
	uint64_t state = generator->seed * 0x2545f4914f6cdd1dULL + 1;
	static struct mm_model m;
	const struct op_row *row;
	size_t length;
	int tries, choices;

	mm_init(&m, &everything);
	memset(sequence, 0, sizeof(*sequence));
	length = generator->shortest + below(&state, generator->longest - generator->shortest + 1);
	append_text(sequence, &m, begins[below(&state, ARRAY_SIZE(begins))]);
	for (tries = 0; sequence->count < length && tries < 1000; tries++) {
		row = choose_row(generator, &state);
		/* Other words, another process, until the operation makes sense. */
		for (choices = 0; choices < CHOICES; choices++) {
			const struct op op = choose(row, &m, &state);

			if (!op_is_possible(&m, &op, false) ||
			    (row->dull && row->dull(&m, &op)))
				continue;
			append(sequence, &m, &op);
			break;
		}
	}
}
