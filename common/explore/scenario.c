// SPDX-License-Identifier: GPL-2.0
#include "explore/scenario.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "explore/parts.h"
#include "explore/phrases.h"
#include "explore/replay.h"
#include "explore/scenario_file.h"
#include "explore/sequence.h"
#include "kernel/kernel.h"
#include "report/result.h"

/* For a call and its result in one line of 100 columns. */
#define LINE_ROOM 73

/* Whose pattern of which page a content of the model is; writer 0: zeros. */
struct pattern {
	enum writer writer;
	int page;
};

struct writing {
	FILE *acts, *steps;
	const struct sequence *sequence;
	size_t first;		/* the first step; what comes before is the initial state */
	struct pattern pattern[MM_CONTENTS];
	const char *needs[SCENARIO_NEEDS];
	char *error;
	size_t size;
	bool cannot;
};

static void __printf(2, 3) cannot(struct writing *w, const char *fmt, ...)
{
	va_list args;

	if (w->cannot)
		return;
	va_start(args, fmt);
	vsnprintf(w->error, w->size, fmt, args);
	va_end(args);
	w->cannot = true;
}

static void note_need(struct writing *w, const char *need)
{
	size_t i;

	for (i = 0; need && i < ARRAY_SIZE(w->needs); i++) {
		if (w->needs[i] && strcmp(w->needs[i], need))
			continue;
		w->needs[i] = need;
		return;
	}
}

/* What the operation wrote, and where its pattern comes from. */
static void note_contents(struct writing *w, const struct prediction *p, enum writer writer)
{
	int i;

	if (p->step.medium)
		w->pattern[p->step.medium] = (struct pattern){
			BY_MEDIUM, scenario_page(op_medium_page(p->op)) };
	for (i = 0; i < MM_PAGES; i++)
		if (p->step.content[i])
			w->pattern[p->step.content[i]] =
				(struct pattern){ writer, scenario_page(i) };
}

/* The result of the call as an expression of the suite. */
static void result_here(char *text, size_t size, const struct prediction *p)
{
	result_text(text, size, p->step.result);
	if (p->step.result == (long)features.page_size)
		snprintf(text, size, p->op->count > 1 && p->op->row->pages == PAGES_SOME ?
				 "%d * features.page_size" : "features.page_size", p->op->count);
	else if (IS_SIGNAL(p->step.result))
		snprintf(text, size, "KILLED_BY(SIG%s)",
			 sigabbrev_np(SIGNAL_OF(p->step.result)));
	else if (p->step.result < 0)
		snprintf(text, size, "-%s", strerrorname_np(-p->step.result));
}

static void write_child_call(struct writing *w, const struct prediction *p,
			     const struct phrase *phrase, const char *call, const char *text,
			     const char *expected)
{
	static int number;

	number++;
	fprintf(w->acts, "/* %s */\nstatic long act_%d(const struct buffer *buffer, long arg)\n{\n"
		"\t(void)buffer;\n\t(void)arg;\n\treturn %s;\n}\n\n", text, number, call);
	fprintf(w->steps, "\texpect_result(\"%s\",\n\t\t      child_call(%s, &s->buffer, act_%d, "
		"%s),\n\t\t      %s);\n", text,
		p->by == MM_CHILD ? "&s->child" : "&s->second_child", number,
		phrase->arg ? phrase->arg : "0", expected);
}

static void write_call(struct writing *w, const struct prediction *p, const struct phrase *phrase)
{
	const bool succeeds = p->step.result >= 0;
	char text[OP_TEXT], call[512], expected[64];

	op_print(p->op, text, sizeof(text));
	if (p->step.medium)
		fprintf(w->steps, "\tmedium_write(&s->medium, s->buffer.serial, s->buffer.pages, "
				  "BY_MEDIUM);\n");
	if (phrase->always || (phrase->by_owner && p->by == MM_OWNER && succeeds)) {
		emit(call, sizeof(call), phrase->always ? phrase->always : phrase->by_owner,
		     phrase_letter, p);
		if (*call)
			fprintf(w->steps, "\t%s;\n", call);
		return;
	}
	emit(call, sizeof(call), phrase->call, phrase_letter, p);
	result_here(expected, sizeof(expected), p);
	if (p->by == MM_OWNER)
		fprintf(w->steps, "\texpect_result(\"%s\",\n\t\t      %s,%s%s);\n", text, call,
			strlen(call) + strlen(expected) > LINE_ROOM ? "\n\t\t      " : " ",
			expected);
	else
		write_child_call(w, p, phrase, call, text, expected);
}

/* Is it expressible? Children of a child are not. */
static bool can_be_said(struct writing *w, const struct prediction *p, const struct phrase *phrase)
{
	char text[OP_TEXT];

	op_print(p->op, text, sizeof(text));
	if (!phrase)
		cannot(w, "'%s' has no row in common/explore/phrases.c", text);
	else if (!phrase->call && !phrase->always)
		cannot(w, "story.h has no words for '%s'", text);
	else if (!strcmp(p->op->row->name, "fork") && p->op->who != MM_OWNER)
		cannot(w, "a scenario has no child of a child: '%s'", text);
	return !w->cannot;
}

/* The C name of a rule. */
static const char *rule_in_c(enum rule_id id)
{
#define RULE_NAME(id, name, claim, source, sentence) "RULE_" #id,
	static const char *const names[] = { RULES(RULE_NAME) };
#undef RULE_NAME

	return names[id];
}

static const char *place_name_in_c(enum place place)
{
	return place == PLACE_COHERENT ? "PLACE_COHERENT" :
	       place == PLACE_REMOTE ? "PLACE_REMOTE" : "PLACE_PRIVATE";
}

static const struct mm_frame *frame_of(const struct mm_model *m, int who, int page)
{
	const int frame = m->process[who].page[page].frame;

	return frame < 0 ? NULL : &m->frame[frame];
}

static void write_bytes(struct writing *w, const char *child, int page, int content)
{
	const struct pattern *pattern = &w->pattern[content];

	if (content && pattern->page == page && !*child)
		fprintf(w->steps, "\texpect_owner_sees(s, %d, %s);\n", page,
			writer_in_c(pattern->writer));
	else if (content && pattern->page == page)
		fprintf(w->steps, "\texpect_child_sees(s, %s, %d, %s);\n", child, page,
			writer_in_c(pattern->writer));
	else
		fprintf(w->steps, "\texpect_%s_reads(s, %s%s%d, %s, %d);\n",
			*child ? "child" : "owner", child, *child ? ", " : "", page,
			content ? writer_in_c(pattern->writer) : "0", pattern->page);
}

static void check_owner(struct writing *w, const struct prediction *p, int number)
{
	const struct mm_page *page = &p->after.process[MM_OWNER].page[number];
	const struct mm_frame *frame = frame_of(&p->after, MM_OWNER, number);
	const struct mm_frame *was = frame_of(&p->before, MM_OWNER, number);
	const int n = scenario_page(number);

	if (!frame) {
		fprintf(w->steps, "\texpect_at(s, %d, PLACE_NOWHERE);\n", n);
		return;
	}
	if (frame->at == PLACE_SYSTEM)
		fprintf(w->steps, "\texpect_in_memory(s, %d);\n", n);
	else
		fprintf(w->steps, "\texpect_at(s, %d, %s);\n", n, place_name_in_c(frame->at));
	if (was)
		fprintf(w->steps, "\texpect_%s_frame(s, %d);\n",
			frame->pfn == was->pfn ? "same" : "other", n);
	if (frame->at == PLACE_PRIVATE || page->prot == MM_NONE)
		return;
	fprintf(w->steps, "\texpect_mapped(s, %d, %s);\n", n, page->write ? "PERM_RW" : "PERM_RO");
	if (!frame->zero)
		fprintf(w->steps, "\texpect_exclusive(s, %d, %s);\n", n,
			frame->exclusive ? "true" : "false");
	write_bytes(w, "", n, frame->content);
}

static void check_child(struct writing *w, const struct prediction *p, int who, int number)
{
	const struct mm_page *page = &p->after.process[who].page[number];
	const struct mm_frame *frame = frame_of(&p->after, who, number);
	const struct mm_frame *owners = frame_of(&p->before, MM_OWNER, number);
	const char *child = who == MM_CHILD ? "&s->child" : "&s->second_child";
	const int n = scenario_page(number);

	if (!frame)
		return;
	if (owners && !frame->zero && owners->pfn == frame->pfn)
		fprintf(w->steps, "\texpect_child_keeps_frame(s, %s, %d);\n", child, n);
	else if (!frame->zero && frame->at != PLACE_SYSTEM)
		fprintf(w->steps, "\texpect_child_has_other_frame(s, %s, %d, %s);\n", child, n,
			place_name_in_c(frame->at));
	if (frame->at != PLACE_PRIVATE && page->prot != MM_NONE)
		write_bytes(w, child, n, frame->content);
}

/* After the last operation: first what it changes, then what it must not. */
static void write_checks(struct writing *w, const struct prediction *p)
{
	int who, number, changed;

	for (changed = 1; changed >= 0; changed--) {
		fprintf(w->steps, "\n\tset_rule(%s);\n",
			rule_in_c(changed ? p->op->row->rule : RULE_NOTHING_ELSE_CHANGES));
		for (who = MM_OWNER; who < MM_PROCESSES; who++) {
			for (number = 0; number < p->after.buffers * MM_BUFFER_PAGES; number++) {
				if (!p->after.process[who].alive ||
				    mm_differs(&p->before, &p->after, who, number) != changed ||
				    !scenario_has_page(number))
					continue;
				if (who == MM_OWNER)
					check_owner(w, p, number);
				else
					check_child(w, p, who, number);
			}
		}
	}
}

/* Pages that the owner writes first have their bytes when the story begins. */
static void write_start(struct writing *w, const struct prediction *p)
{
	int i;

	for (i = 0; i < MM_PAGES; i++)
		if (p->step.content[i])
			w->pattern[p->step.content[i]] =
				(struct pattern){ BY_OWNER, scenario_page(i) };
}

/* The story has touched all pages; those that the sequence has not are empty again. */
static void write_holes(struct writing *w, const struct mm_model *m)
{
	int i;

	for (i = 0; i < MM_PAGES; i++)
		if (m->process[MM_OWNER].page[i].mapped && m->process[MM_OWNER].page[i].frame < 0)
			fprintf(w->steps, "\tadvise_memory(buffer_page(&s->buffer, %d), "
				"features.page_size, MADV_DONTNEED);\n", scenario_page(i));
}

static void write_step(const struct prediction *p, void *arg)
{
	const struct phrase *phrase = phrase_of(p->op->row);
	struct writing *w = arg;
	char text[OP_TEXT];

	op_print(p->op, text, sizeof(text));
	if (!p->possible) {
		fprintf(w->steps, "\t/* left out, not possible here: %s */\n", text);
		return;
	}
	if (!can_be_said(w, p, phrase))
		return;
	note_need(w, phrase->needs);
	if ((size_t)p->number <= w->first) {
		write_start(w, p);
		if ((size_t)p->number == w->first)
			write_holes(w, &p->after);
		return;
	}
	note_contents(w, p, phrase->writes ? phrase->writes : writer_of(p->op->who));
	if (p->last)
		fprintf(w->steps, "\tstory_remember_frames(s);\n");
	fprintf(w->steps, "\tset_rule(%s);\n", rule_in_c(p->op->row->rule));
	write_call(w, p, phrase);
	if (p->last)
		write_checks(w, p);
}

/* How many operations map and write the pages before anything else happens. */
static size_t count_start(const struct sequence *sequence)
{
	size_t i;

	for (i = 0; i < sequence->count; i++) {
		const struct op *op = &sequence->op[i];

		if (strcmp(op->row->name, "map") &&
		    (strcmp(op->row->name, "write") || op->who != MM_OWNER))
			break;
	}
	return i;
}

bool scenario_print(FILE *out, const struct sequence *sequence, const char *name,
		    const char *parts, char *error, size_t size)
{
	static const char *const files[] = { "scenario.c.in", NULL };
	static struct writing w;
	const struct mm_kernel kernel = sequence_kernel();
	char *acts = NULL, *steps = NULL, *used = NULL, *both = NULL;
	struct scenario_file file;
	size_t length;
	FILE *memory;

	w = (struct writing){ .sequence = sequence, .first = count_start(sequence),
			      .acts = open_memstream(&acts, &length), .error = error,
			      .size = size };
	w.steps = open_memstream(&steps, &length);
	memory = open_memstream(&used, &length);
	if (!w.acts || !w.steps || !memory) {
		cannot(&w, "no memory for a scenario");
		return false;
	}
	scenario_maps(sequence);
	predict(sequence, &kernel, write_step, &w);
	fclose(w.acts);
	fclose(w.steps);
	if (asprintf(&both, "%s%s", acts, steps) < 0 || !parts_print(memory, parts, files, both))
		cannot(&w, "%s: %s", parts, strerror(errno));
	fclose(memory);
	file = (struct scenario_file){ sequence, name, used, acts, steps, w.needs };
	if (!w.cannot)
		scenario_file_print(out, &file);
	free(acts);
	free(steps);
	free(used);
	free(both);
	return !w.cannot;
}
