// SPDX-License-Identifier: GPL-2.0
#include "explore/predict.h"

#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"
#include "report/result.h"

enum mm_who op_actor(const struct mm_model *m, const struct op *op)
{
	switch (op->row->actor) {
	case BY_OWNER_OF_SEQUENCE:
		return MM_OWNER;
	case BY_ANOTHER:
		return op_another(m, op->who);
	default:
		return op->who;
	}
}

/* As the comparison with the world does, which sees them. */
static void number_frames(struct mm_model *m, unsigned long *numbers)
{
	int i;

	for (i = 0; i < MM_FRAMES; i++)
		if (m->frame[i].used && !m->frame[i].pfn)
			m->frame[i].pfn = ++*numbers;
}

/* Does the operation pin a page for long? Then it moves the page out of ZONE_MOVABLE. */
static bool pins_for_long(const struct op *op)
{
	char word[16] = "";

	if (op->row->options[0])
		op_option(op, 0, word, sizeof(word));
	return !strcmp(word, "long") || op->row->rule == RULE_LONGTERM_LEAVES_DEVICE;
}

/*
 * A page that has come back from a device may be in ZONE_MOVABLE, depending on
 * the machine: a long-term pin may give it another frame.
 */
static void note_movable(struct prediction *p, bool *movable, unsigned long *numbers)
{
	const int pinned = p->after.process[p->op->who].page[p->op->first].frame;
	int i;

	for (i = 0; i < MM_FRAMES; i++)
		if (p->after.frame[i].pfn != p->before.frame[i].pfn)
			movable[i] = p->before.frame[i].used &&
				     p->before.frame[i].at != PLACE_SYSTEM;
	if (pins_for_long(p->op) && pinned >= 0 && movable[pinned]) {
		p->after.frame[pinned].pfn = ++*numbers;
		movable[pinned] = false;
	}
}

static size_t last_possible(const struct sequence *sequence, const struct mm_kernel *kernel)
{
	static struct mm_model m;
	size_t i, last = 0;

	mm_init(&m, kernel);
	for (i = 0; i < sequence->count; i++) {
		struct step step = { 0 };

		if (!op_is_possible(&m, &sequence->op[i], false))
			continue;
		sequence->op[i].row->expect(&m, &sequence->op[i], &step);
		last = i;
	}
	return last;
}

void predict(const struct sequence *sequence, const struct mm_kernel *kernel,
	     void (*each)(const struct prediction *prediction, void *arg), void *arg)
{
	const size_t last = last_possible(sequence, kernel);
	static struct prediction p;
	bool movable[MM_FRAMES] = { false };
	unsigned long numbers = 0;
	size_t i;

	mm_init(&p.after, kernel);
	for (i = 0; i < sequence->count; i++) {
		p.op = &sequence->op[i];
		p.number = (int)i + 1;
		p.last = i == last;
		p.before = p.after;
		memset(&p.step, 0, sizeof(p.step));
		p.possible = op_is_possible(&p.before, p.op, false);
		if (p.possible) {
			p.by = op_actor(&p.before, p.op);
			p.op->row->expect(&p.after, p.op, &p.step);
			number_frames(&p.after, &numbers);
			note_movable(&p, movable, &numbers);
		}
		each(&p, arg);
	}
}

void result_in_c(char *text, size_t size, long result)
{
	char name[32];

	result_text(name, sizeof(name), result);
	if (result == (long)features.page_size)
		snprintf(text, size, "page");
	else if (result >= 0)
		snprintf(text, size, "%ld", result);
	else
		snprintf(text, size, IS_SIGNAL(result) ? "-1000 - %s" : "-%s", name);
}
