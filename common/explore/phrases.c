// SPDX-License-Identifier: GPL-2.0
#include "explore/phrases.h"

#include <stdio.h>
#include <string.h>

#define PAGE "buffer_page(%B, %f)"
#define NEEDS_GUP_TEST "need(features.gup_test, SKIP_NO_GUP_TEST)"
#define NEEDS_PINS "need(features.pin_stays, SKIP_NO_STAYING_PINS)"
#define NEEDS_RING "story_ring(s)"
#define NEEDS_FILE "story_medium(s, ON_FILE)"

static const struct phrase phrases[] = {
	{ .name = "map", .always = "" },
	{ .name = "file" },
	{ .name = "fork", .always = "child_fork(%C)" },
	{ .name = "exit", .always = "child_leave(%C)" },
	{ .name = "kill", .always = "child_kill(%C)" },
	{ .name = "protect", .call = "protects(%B, %f, %n, %A)",
	  .by_owner = "story_protect(s, %f, %n, %A)" },
	{ .name = "unmap", .call = "unmaps(%B, %f, %n)" },
	{ .name = "dontneed", .call = "advises(%B, %f, %n, MADV_DONTNEED)" },
	{ .name = "migrate", .call = "moved(device_migrate_to(%D, " PAGE ", %n))",
	  .by_owner = "device_move_to(%D, " PAGE ", %n)" },
	{ .name = "back", .call = "moved(device_migrate_back(%D, " PAGE ", %n))",
	  .by_owner = "device_move_back(%D, " PAGE ", %n)" },
	{ .name = "evict", .always = "evict(%P)" },
	{ .name = "write", .call = "cpu_writes(%B, %f, %n, %W)",
	  .by_owner = "buffer_write(&s->buffer, %f, %n, BY_OWNER_AGAIN)" },
	{ .name = "read", .call = "cpu_read(%B, %f, 1, NULL)" },
	{ .name = "vm", .call = "vm_%0s(%T, %B, %f)", .arg = "getpid()", .writes = BY_OTHER },
	{ .name = "mem", .call = "mem_%0s(%T, %B, %f)", .arg = "getpid()", .writes = BY_OTHER },
	{ .name = "device", .call = "device_%1s(%D, %B, %f)", .writes = BY_DEVICE },
	{ .name = "gup", .call = "gup(\"%0\", \"%1\", \"%2\", " PAGE ")", .needs = NEEDS_GUP_TEST },
	{ .name = "splice", .call = "splices(self->pipe[%i], " PAGE ")" },
	{ .name = "drain", .always = "drains(self->pipe[%i])" },
	{ .name = "pin", .call = "pins(&self->held, \"%1\", \"%2\", " PAGE ")",
	  .needs = NEEDS_PINS },
	{ .name = "unpin", .always = "unpins(&self->held)" },
	{ .name = "register", .call = "ring_register(%G, " PAGE ", features.page_size)",
	  .needs = NEEDS_RING },
	{ .name = "update" },
	{ .name = "clone" },
	{ .name = "unregister", .call = "ring_unregister(%G)" },
	{ .name = "fixed", .call = "fixed_%1s(%G, %M, buffer_page(%B, %q))", .needs = NEEDS_FILE,
	  .writes = BY_MEDIUM },
	{ .name = "dio", .call = "direct_%0s(%M, " PAGE ", %f)", .arg = "s->medium.fd",
	  .needs = NEEDS_FILE, .writes = BY_MEDIUM },
	{ .name = "free", .call = "advises(%B, %f, %n, MADV_FREE)" },
	{ .name = "pageout", .call = "advises(%B, %f, %n, MADV_PAGEOUT)" },
	{ .name = "collapse", .call = "advises(%B, %f, %n, MADV_COLLAPSE)" },
	{ .name = "take" },
	{ .name = "populate", .call = "populates(%B, %f, \"%0\")" },
	{ .name = "inherit", .call = "inherits(%B, %f, %n, \"%0\")" },
	{ .name = "guard" },
	{ .name = "move" },
	{ .name = "trace" },
	{ .name = "watch", .call = "watches(&self->uffd, %B, %f)",
	  .needs = "need(features.uffd_wp, SKIP_NO_UFFD_WP)" },
	{ .name = "wp", .call = "write_protects(self->uffd, %B, %f, \"%0\")" },
	{ .name = "unwatch", .always = "unwatches(&self->uffd)" },
	{ .name = "clean", .call = "cleans(%T)", .arg = "getpid()",
	  .needs = "need(features.soft_dirty, SKIP_NO_SOFT_DIRTY)" },
	{ .name = "lock", .call = "errno_of(mlock(" PAGE ", features.page_size))" },
	{ .name = "unlock", .call = "errno_of(munlock(" PAGE ", features.page_size))" },
	{ .name = "node" },
	{ .name = "bind" },
	{ .name = "merge" },
	{ .name = "swap" },
	{ .name = "begin" },
	{ .name = "land" },
};

const struct phrase *phrase_of(const struct op_row *row)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(phrases); i++)
		if (!strcmp(phrases[i].name, row->name))
			return &phrases[i];
	return NULL;
}

/* How many pages each buffer has. */
static int buffers[2];

void scenario_maps(const struct sequence *sequence)
{
	size_t i;
	int count = 0;

	memset(buffers, 0, sizeof(buffers));
	for (i = 0; i < sequence->count; i++)
		if (sequence->op[i].row->pages == PAGES_NUMBER && count < 2)
			buffers[count++] = sequence->op[i].count;
}

bool scenario_has_page(int page)
{
	return page % MM_BUFFER_PAGES < buffers[page / MM_BUFFER_PAGES];
}

int scenario_page(int page)
{
	return page < MM_BUFFER_PAGES ? page : page - MM_BUFFER_PAGES + buffers[0];
}

enum writer writer_of(enum mm_who who)
{
	return who == MM_OWNER ? BY_OWNER_AGAIN : who == MM_CHILD ? BY_CHILD : BY_OTHER;
}

const char *writer_in_c(enum writer writer)
{
	static const struct {
		enum writer writer;
		const char *name;
	} names[] = {
		{ BY_OWNER, "BY_OWNER" }, { BY_OWNER_AGAIN, "BY_OWNER_AGAIN" },
		{ BY_CHILD, "BY_CHILD" }, { BY_MEDIUM, "BY_MEDIUM" }, { BY_DEVICE, "BY_DEVICE" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].writer == writer)
			return names[i].name;
	return "BY_OTHER";
}

static const char *child_in_c(enum mm_who who)
{
	return who == MM_GRANDCHILD ? "&s->second_child" : "&s->child";
}

/* The process that a call is about. */
static const char *target_in_c(const struct prediction *p)
{
	if (p->by != MM_OWNER)
		return "arg";
	return p->op->who == MM_OWNER ? "getpid()" :
	       p->op->who == MM_CHILD ? "s->child.pid" : "s->second_child.pid";
}

static const char *device_in_c(const struct prediction *p)
{
	static const char *const owners[] = { "&s->device", "&self->remote", "&self->private" };
	static const char *const childrens[] = { "mirror(PLACE_COHERENT)", "mirror(PLACE_REMOTE)",
						 "mirror(PLACE_PRIVATE)" };

	return (p->by == MM_OWNER ? owners : childrens)[p->op->option[0]];
}

/* Of a fork the new one. */
static enum mm_who child_of(const struct prediction *p)
{
	return strcmp(p->op->row->name, "fork") ? p->op->who : op_next_process(&p->before);
}

void phrase_letter(char *text, size_t size, char name, const struct prediction *p)
{
	static const char *const places[] = { "PLACE_COHERENT", "PLACE_REMOTE", "PLACE_PRIVATE" };
	static const char *const prots[] = { "PROT_NONE", "PROT_READ", "PROT_READ | PROT_WRITE" };
	const int chosen = p->op->option[0];

	switch (name) {
	case 'B':
		snprintf(text, size, p->by == MM_OWNER ? "&s->buffer" : "buffer");
		return;
	case 'C':
		snprintf(text, size, "%s", child_in_c(child_of(p)));
		return;
	case 'D':
		snprintf(text, size, "%s", device_in_c(p));
		return;
	case 'P':
		snprintf(text, size, "%s", places[chosen]);
		return;
	case 'G':
		snprintf(text, size, chosen ? "&self->ring" : "&s->ring");
		return;
	case 'A':
		snprintf(text, size, "%s", prots[chosen]);
		return;
	case 'W':
		snprintf(text, size, "%s", writer_in_c(writer_of(p->op->who)));
		return;
	case 'T':
		snprintf(text, size, "%s", target_in_c(p));
		return;
	case 'M':
		snprintf(text, size, p->by == MM_OWNER ? "s->medium.fd" : "arg");
		return;
	case 'f':
		snprintf(text, size, "%d", scenario_page(p->op->first));
		return;
	case 'q':
		snprintf(text, size, "%d", scenario_page(p->step.page));
		return;
	default:
		op_letter(text, size, name, p);
	}
}
