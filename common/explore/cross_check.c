// SPDX-License-Identifier: GPL-2.0
#include "explore/cross_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cell/access.h"
#include "cell/mapping.h"
#include "explore/replay.h"
#include "explore/sequence.h"
#include "explore/world.h"
#include "judge/model.h"
#include "kernel/kernel.h"
#include "kernel/since.h"
#include "report/result.h"

/* The same in the words of each: a mapping or an access, and operations. */
struct words {
	const char *name, *text;
};

/* "%c" is the device. The page was written before. */
static const struct words mappings[] = {
	{ "rw", "migrate %c 0" },
	{ "ro", "migrate %c 0; protect r 0" },
	{ "ro-rw", "migrate %c 0; protect r 0; protect rw 0" },
	{ "born-ro", "protect r 0; migrate %c 0" },
	{ "cow-shared", "migrate %c 0; fork" },
	{ "ro-shared", "migrate %c 0; protect r 0; fork" },
	{ "cow-left", "migrate %c 0; fork; exit child" },
	{ "cow-then-migrated", "fork; migrate %c 0" },
	{ "prot-none", "migrate %c 0; protect none 0" },
	{ "uffd-wp", "migrate %c 0; watch 0; wp on 0" },
	{ "soft-dirty", "migrate %c 0; clean" },
};

static const struct words accesses[] = {
	{ "cpu-read", "read 0" },
	{ "cpu-write", "write 0" },
	{ "child-read", "read child 0" },
	{ "child-write", "write child 0" },
	{ "vm-read", "vm read 0" },
	{ "vm-write", "vm write 0" },
	{ "mem-write", "mem write 0" },
	{ "ptrace-poke", "trace write 0" },
	{ "ptrace-peek", "trace read 0" },
	{ "populate-read", "populate read 0" },
	{ "populate-write", "populate write 0" },
	{ "device-read", "device a read 0" },
	{ "device-write", "device a write 0" },
	{ "migrate-back", "back %c 0" },
	{ "migrate-away", "migrate b 0" },
	{ "dio-read", "dio read 0" },
	{ "dio-write", "dio write 0" },
	{ "raw-read", "dio read 0" },
	{ "raw-write", "dio write 0" },
	{ "ring-register", "register a 0" },
	{ "ring-read-fixed", "register a 0; fixed a read" },
	{ "ring-write-fixed", "register a 0; fixed a write" },
	{ "vmsplice", "splice a 0" },
	{ "gup-slow-read", "gup get slow read 0" },
	{ "gup-fast-read", "gup get fast read 0" },
	{ "gup-slow-write", "gup get slow write 0" },
	{ "gup-fast-write", "gup get fast write 0" },
	{ "pin-slow-read", "gup pin slow read 0" },
	{ "pin-fast-read", "gup pin fast read 0" },
	{ "pin-slow-write", "gup pin slow write 0" },
	{ "pin-fast-write", "gup pin fast write 0" },
	{ "longterm-slow-read", "gup long slow read 0" },
	{ "longterm-fast-read", "gup long fast read 0" },
	{ "longterm-slow-write", "gup long slow write 0" },
	{ "longterm-fast-write", "gup long fast write 0" },
	{ "stay-slow-read", "pin long slow read 0" },
	{ "stay-fast-read", "pin long fast read 0" },
	{ "stay-slow-write", "pin long slow write 0" },
	{ "stay-fast-write", "pin long fast write 0" },
};

static const char *text_of(const struct words *words, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(words[i].name, name))
			return words[i].text;
	return NULL;
}

/* What both models say about the page after the access, in one form. */
struct view {
	enum place at;
	bool same_frame;
	enum permission permission;
	bool exclusive, uffd_wp, soft_dirty;
	enum place child_at;
	bool child_same_frame;
	long result;
};

static void view_text(char *text, size_t size, const struct view *view)
{
	char result[32];

	result_text(result, sizeof(result), view->result);
	snprintf(text, size, "%s %s %s %s%s%s, child %s %s, %s", place_name(view->at),
		 view->same_frame ? "same" : "other", permission_name(view->permission),
		 view->exclusive ? "exclusive" : "shared", view->uffd_wp ? " protected" : "",
		 view->soft_dirty ? " soft-dirty" : "", place_name(view->child_at),
		 view->child_same_frame ? "same" : "other", result);
}

static enum permission permission_of(const struct mm_page *page)
{
	if (page->frame < 0 || page->prot == MM_NONE)
		return PERM_NONE;
	return page->write ? PERM_RW : PERM_RO;
}

static size_t operations(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == ';';
	return count;
}

/*
 * Run @text in the model. Returns what is seen of page 0, compared with before the last
 * @accesses operations.
 */
static bool view_of_sequence(const char *text, size_t accesses, struct view *view)
{
	struct mm_kernel kernel = sequence_kernel();
	const struct mm_page *owner, *child;
	struct mm_page before[2] = { { .frame = -1 }, { .frame = -1 } };
	static struct sequence sequence;
	static struct mm_model m;
	struct step step = { 0 };
	char error[200];
	size_t i;
	int f;

	if (!sequence_parse(&sequence, text, error, sizeof(error))) {
		printf("%s: %s\n", text, error);
		return false;
	}
	/* A bug of 6.1, which sequences follow and cells report: soft-dirty-by-migration. */
	kernel.move_marks_dirty = false;
	mm_init(&m, &kernel);
	owner = &m.process[MM_OWNER].page[0];
	child = &m.process[MM_CHILD].page[0];
	for (i = 0; i < sequence.count; i++) {
		/* If the first operation of an access was refused, that is the result. */
		if (i + accesses > sequence.count && step.result < 0)
			break;
		if (i + accesses <= sequence.count) {
			/* A page that moves loses its number. */
			for (f = 0; f < MM_FRAMES; f++)
				m.frame[f].pfn = f + 1;
			before[0] = *owner;
			before[1] = *child;
		}
		step = (struct step){ 0 };
		sequence.op[i].row->expect(&m, &sequence.op[i], &step);
	}
	*view = (struct view){
		.at = m.frame[owner->frame].at, .permission = permission_of(owner),
		.exclusive = m.frame[owner->frame].exclusive, .result = step.result,
		.uffd_wp = owner->uffd_wp, .soft_dirty = owner->tracked && owner->soft,
		.same_frame = owner->frame == before[0].frame && m.frame[owner->frame].pfn,
	};
	if (child->frame >= 0) {
		view->child_at = m.frame[child->frame].at;
		view->child_same_frame = child->frame == before[1].frame &&
					 m.frame[child->frame].pfn;
	}
	return true;
}

static void view_of_cell(const struct cell *cell, struct view *view, const struct view *other)
{
	const struct page_model *page;
	static struct model model;

	model_after(&model, cell);
	page = &model.page[0];
	*view = (struct view){
		.at = page->at, .same_frame = page->same_frame, .permission = page->permission,
		.exclusive = page->exclusive_open ? other->exclusive : page->exclusive,
		.uffd_wp = page->uffd_wp, .result = model.result,
		.soft_dirty = page->soft_dirty_open ? other->soft_dirty : page->soft_dirty,
	};
	if (page->child != DATA_NOT_LOOKED) {
		view->child_at = page->child_at;
		view->child_same_frame = page->child_same_frame;
	}
	/* A sequence reads and writes one word by ptrace. */
	if (!strncmp(cell->access->name, "ptrace-", 7) && view->result > 0)
		view->result = sizeof(long);
	/* The result of a migration that moves nothing is ENOENT or 0. */
	if (cell->access->reach == REACH_MIGRATION_AWAY && view->result == -ENOENT)
		view->result = other->result;
}

/* Returns whether the models agree on a cell. @said: it can be said in operations. */
static bool agree_on(const struct cell *cell, bool *said)
{
	const char *mapping = text_of(mappings, ARRAY_SIZE(mappings), cell->mapping->name);
	const char *access = text_of(accesses, ARRAY_SIZE(accesses), cell->access->name);
	const char device = cell->place == PLACE_PRIVATE ? 'p' : 'a';
	char text[200], format[200], expected[128], seen[128];
	struct view view, cell_view;

	*said = mapping && access && cell_exists(cell) &&
		!(cell->place == PLACE_PRIVATE && cell->access->reach == REACH_MIRROR);
	if (!*said)
		return true;
	/* In system memory nothing is migrated there. */
	snprintf(format, sizeof(format), "map 1; write 0; %s; %s",
		 cell->place == PLACE_SYSTEM && strstr(mapping, "migrate %c 0; ") == mapping ?
			 mapping + strlen("migrate %c 0; ") : mapping, access);
	if (cell->place == PLACE_SYSTEM && !strcmp(mapping, "migrate %c 0"))
		snprintf(format, sizeof(format), "map 1; write 0; %s", access);
	snprintf(text, sizeof(text), "%s", format);
	for (char *c = text; *c; c++) {
		if (*c != '%')
			continue;
		*c = device;
		memmove(c + 1, c + 2, strlen(c + 1));
	}
	if (!view_of_sequence(text, operations(access), &view))
		return false;
	view_of_cell(cell, &cell_view, &view);
	view_text(expected, sizeof(expected), &cell_view);
	view_text(seen, sizeof(seen), &view);
	if (!strcmp(expected, seen))
		return true;
	printf("%s.%s.%s: matrix: %s; sequence: %s (%s)\n", place_name(cell->place),
	       cell->mapping->name, cell->access->name, expected, seen, text);
	return false;
}

int cross_check(int version)
{
	static const enum place places[] = { PLACE_SYSTEM, PLACE_COHERENT, PLACE_PRIVATE };
	size_t p, m, a, mapping_count, access_count;
	int cells = 0, differences = 0;
	bool said;

	sequence_pretend(version);
	(void)mapping_rows(&mapping_count);
	(void)access_rows(&access_count);
	for (p = 0; p < ARRAY_SIZE(places); p++) {
		for (m = 0; m < mapping_count; m++) {
			for (a = 0; a < access_count; a++) {
				const struct cell cell = {
					.place = places[p], .extent = EXTENT_ONE_PAGE,
					.mapping = &mapping_rows(&mapping_count)[m],
					.access = &access_rows(&access_count)[a],
				};

				differences += !agree_on(&cell, &said);
				cells += said;
			}
		}
	}
	printf("%d cells, %d differences\n", cells, differences);
	return differences;
}
