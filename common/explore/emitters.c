// SPDX-License-Identifier: GPL-2.0
#include "explore/emitters.h"

#include <stdio.h>
#include <string.h>

#include "explore/replay.h"
#include "kernel/kernel.h"

static const struct emitter emitters[] = {
	{ .name = "map", .call = "map_buffer(%f, %n)" },
	{ .name = "file", .call = "map_file(%f, %n, %q)" },
	{ .name = "fork", .call = "process_forks(%b, %j, \"%t\")", .takes_turns = true },
	{ .name = "exit", .call = "process_ends(%w, %p, false, \"%t\")", .takes_turns = true },
	{ .name = "kill", .call = "process_ends(%w, %p, true, \"%t\")", .takes_turns = true },
	{ .name = "protect", .call = "protect(\"%0\", %f, %n)" },
	{ .name = "unmap", .call = "error_of(munmap(at(%f), %n * page))" },
	{ .name = "dontneed", .call = "advise(%f, %n, MADV_DONTNEED)" },
	{ .name = "migrate", .call = "migrate_to(\"%0\", %f, %n)" },
	{ .name = "back", .call = "migrate_back(\"%0\", %f, %n)" },
	{ .name = "evict", .call = "evict(\"%0\")" },
	{ .name = "write", .call = "cpu_writes(%f, %n, %c)" },
	{ .name = "read", .call = "cpu_reads(%f, %c)" },
	{ .name = "vm", .call = "vm_%0s(%w, %f, %c)" },
	{ .name = "mem", .call = "mem_%0s(%w, %f, %c)" },
	{ .name = "device", .call = "device_%1s(\"%0\", %f, %c)" },
	{ .name = "gup", .call = "gup(\"%0\", \"%1\", \"%2\", %f, %l)" },
	{ .name = "splice", .call = "splice_into(%f, %i)" },
	{ .name = "drain", .call = "close_pipe(%i)" },
	{ .name = "pin", .call = "pin_keeps(\"%1\", \"%2\", %f)" },
	{ .name = "unpin", .call = "unpin()" },
	{ .name = "register", .call = "register_page(%i, %f)" },
	{ .name = "update", .call = "update_page(%i, %f)" },
	{ .name = "clone", .call = "clone_buffers(%i)" },
	{ .name = "unregister", .call = "unregister_page(%i)" },
	{ .name = "fixed", .call = "fixed(%i, \"%1\", %q)" },
	{ .name = "dio", .call = "direct(\"%0\", %f)" },
	{ .name = "free", .call = "advise(%f, %n, MADV_FREE)" },
	{ .name = "pageout", .call = "advise(%f, %n, MADV_PAGEOUT)" },
	{ .name = "collapse", .call = "advise(%f, %n, MADV_COLLAPSE)" },
	{ .name = "take", .call = "take_page(%f)" },
	{ .name = "populate", .call = "populate(\"%0\", %f)" },
	{ .name = "inherit", .call = "inherit(\"%0\", %f, %n)" },
	{ .name = "guard", .call = "guard(\"%0\", %f, %n)" },
	{ .name = "move", .call = "move_page(\"%0\", %f)" },
	{ .name = "trace", .call = "trace_%0s(%w, %f, %c)" },
	{ .name = "watch", .call = "watch_writes(%f, %u)" },
	{ .name = "wp", .call = "write_protect(\"%0\", %f)" },
	{ .name = "unwatch", .call = "unwatch()" },
	{ .name = "clean", .call = "clear_soft_dirty(%w)" },
	{ .name = "lock", .call = "error_of(mlock(at(%f), page))" },
	{ .name = "unlock", .call = "error_of(munlock(at(%f), page))" },
	{ .name = "node", .call = "to_node(%0, %f, false)" },
	{ .name = "bind", .call = "to_node(%0, %f, true)" },
	{ .name = "merge", .call = "merge(%f, %c)" },
	{ .name = "swap", .call = "swap_%0s(%f, %c)" },
	{ .name = "begin", .call = "begin_transfer(\"%0\", %f, %m)" },
	{ .name = "land", .call = "land_transfer(%m)" },
};

const struct emitter *emitter_of(const struct op_row *row)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(emitters); i++)
		if (!strcmp(emitters[i].name, row->name))
			return &emitters[i];
	return NULL;
}

const char *process_in_c(enum mm_who who)
{
	static const char *const names[MM_PROCESSES] = { "OWNER", "CHILD", "GRANDCHILD" };

	return names[who];
}

static int first_page(const struct prediction *p)
{
	return p->op->row->pages == PAGES_NUMBER ? p->before.buffers * MM_BUFFER_PAGES :
						   p->op->first;
}

/* What the operation writes to its page, or must read there. */
static int content_of(const struct prediction *p)
{
	const int written = p->step.content[p->op->first];

	return written ? written : mm_content(&p->after, p->op->who, p->op->first);
}

void op_letter(char *text, size_t size, char name, const struct prediction *p)
{
	const struct op *op = p->op;

	*text = '\0';
	if (name >= '0' && name <= '2' && op->row->options[name - '0'])
		op_option(op, name - '0', text, size);
	else if (strchr("wbjp", name))
		snprintf(text, size, "%s",
			 process_in_c(name == 'w' ? op->who : name == 'b' ? p->by :
				      name == 'j' ? op_next_process(&p->before) :
						    p->before.process[op->who].parent));
	else if (name == 'u')
		snprintf(text, size, "%s", p->before.kernel.uffd_move ? "true" : "false");
	else if (name == 't')
		op_print(op, text, size);
	else if (name == 'l')
		snprintf(text, size, "0x%x", features.foll_longterm);
	else
		snprintf(text, size, "%d", name == 'i' ? op->option[0] :
					   name == 'f' ? first_page(p) :
					   name == 'n' ? op->count :
					   name == 'c' ? content_of(p) :
					   name == 'm' ? p->step.medium : p->step.page);
}

void emit(char *text, size_t size, const char *format, letter_writer *write_letter,
	  const struct prediction *prediction)
{
	size_t used = 0;

	for (*text = '\0'; *format && used + 1 < size; format++) {
		if (*format == '%')
			write_letter(text + used, size - used, *++format, prediction);
		else
			snprintf(text + used, size - used, "%c", *format);
		used += strlen(text + used);
	}
}
