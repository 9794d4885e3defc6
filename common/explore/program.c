// SPDX-License-Identifier: GPL-2.0
#include "explore/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explore/emitters.h"
#include "explore/parts.h"
#include "explore/replay.h"
#include "explore/sequence.h"
#include "report/compiler.h"
#include "report/result.h"

/* The last that was written of a page. */
struct page_written {
	int frame, content;
	enum place at;
	bool write, readable, guard;
	int uffd_wp, soft;	/* soft: -1 if it is not tracked */
};

/* What is written of the state, to write only what an operation changes. */
struct written {
	FILE *out;
	const char *without_row;	/* an operation that has none */
	bool marks;		/* some page has had a mark */
	struct page_written page[MM_PROCESSES][MM_PAGES];
	struct {
		bool used;
		int content;
	} hold[HOLD_COUNT];
};

/* Headers that are needed for a word. */
static const struct {
	const char *header, *word;
} headers[] = {
	{ "errno.h", NULL }, { "fcntl.h", NULL }, { "sched.h", NULL }, { "setjmp.h", NULL },
	{ "signal.h", NULL }, { "stdbool.h", NULL }, { "stdint.h", NULL }, { "stdio.h", NULL },
	{ "stdlib.h", NULL }, { "string.h", NULL }, { "sys/ioctl.h", NULL },
	{ "sys/mman.h", NULL }, { "sys/prctl.h", NULL }, { "sys/syscall.h", NULL },
	{ "sys/types.h", NULL }, { "sys/uio.h", NULL }, { "sys/wait.h", NULL },
	{ "unistd.h", NULL }, { "linux/types.h", NULL },
	{ "lib/test_hmm_uapi.h", NULL }, { "mm/gup_test.h", "gup_test" },
	{ "liburing.h", "rings" }, { "sys/ptrace.h", "ptrace" },
	{ "linux/userfaultfd.h", "uffd" }, { "linux/dm-ioctl.h", "dm_ioctl" },
	{ "linux/aio_abi.h", "iocb" }, { "time.h", "timespec" },
	{ "sys/swap.h", "swapon" }, { "sys/stat.h", "stat" }, { "sys/sysmacros.h", "stat" },
};

static const char *place_in_c(enum place place)
{
	return place == PLACE_COHERENT ? "a" : place == PLACE_REMOTE ? "b" :
	       place == PLACE_PRIVATE ? "private" : "system";
}

static void write_page_wanted(struct written *w, const struct mm_model *m, int who, int number)
{
	const struct mm_page *page = &m->process[who].page[number];
	const struct mm_frame *frame = page->frame < 0 ? NULL : &m->frame[page->frame];
	struct page_written *was = &w->page[who][number], is = *was;

	is.frame = frame ? (int)frame->pfn : 0;
	is.guard = page->guard;
	if (frame) {
		is.content = frame->content;
		is.at = frame->at;
		is.write = page->write;
		is.readable = page->prot != MM_NONE;
	}
	if (!memcmp(was, &is, sizeof(is)))
		return;
	*was = is;
	if (!frame)
		fprintf(w->out, "\twant_%s(%s, %d);\n", page->guard ? "guard" : "nothing",
			process_in_c(who), number);
	else
		fprintf(w->out, "\twant(%s, %d, %d, \"%s\", %d, \"%s\");\n", process_in_c(who),
			number, is.frame, place_in_c(is.at), is.content,
			!is.readable || is.at == PLACE_PRIVATE ? "" : is.write ? "rw" : "r");
}

/* Protection by userfaultfd, and the soft-dirty bit, as pagemap shows them. */
static void write_marks_wanted(struct written *w, const struct mm_model *m, int who, int number)
{
	const struct mm_page *page = &m->process[who].page[number];
	const int uffd_wp = page->frame >= 0 && page->uffd_wp;
	const int soft = !page->tracked ? -1 : page->frame >= 0 && page->soft;
	struct page_written *was = &w->page[who][number];

	if (was->uffd_wp == uffd_wp && was->soft == soft)
		return;
	was->uffd_wp = uffd_wp;
	was->soft = soft;
	w->marks = true;
	fprintf(w->out, "\tmark(%s, %d, %d, %d);\n", process_in_c(who), number, uffd_wp, soft);
}

/* What the operation changes, and the comparison of everything. */
static void write_state(struct written *w, const struct mm_model *m)
{
	char processes[MM_PROCESSES + 1];
	int who, number;

	for (who = MM_OWNER; who < MM_PROCESSES; who++) {
		for (number = 0; number < MM_PAGES; number++) {
			write_page_wanted(w, m, who, number);
			write_marks_wanted(w, m, who, number);
		}
	}
	snprintf(processes, sizeof(processes), "o%s%s", m->process[MM_CHILD].alive ? "c" : "",
		 m->process[MM_GRANDCHILD].alive ? "g" : "");
	if (w->marks)
		fprintf(w->out, "\tlook_at_marks(\"%s\");\n", processes);
	fprintf(w->out, "\tlook(\"%s\");\n", processes);
}

static void write_holders(struct written *w, const struct prediction *p)
{
	int i;

	for (i = HOLD_PIPE; i <= HOLD_PIN; i++) {
		const struct mm_hold *hold = &p->after.hold[i];
		const int content = p->after.frame[hold->frame].content;

		if (hold->used && (!w->hold[i].used || p->last || w->hold[i].content != content)) {
			if (i == HOLD_PIN)
				fprintf(w->out, "\tpin_holds(%d, %d);\n", hold->page, content);
			else
				fprintf(w->out, "\tpipe_holds(%d, %d, %d);\n", i - HOLD_PIPE,
					hold->page, content);
		}
		w->hold[i].used = hold->used;
		w->hold[i].content = content;
	}
}

/* The kernel's own counts of the owner's pages, at the end. */
static void write_counts(struct written *w, const struct mm_model *m)
{
	int i;

	for (i = 0; i < MM_PAGES; i++) {
		const struct mm_page *page = &m->process[MM_OWNER].page[i];
		const struct mm_frame *frame = page->frame < 0 ? NULL : &m->frame[page->frame];

		if (!frame || frame->zero || page->prot == MM_NONE || frame->at == PLACE_PRIVATE)
			continue;
		fprintf(w->out, "\tcounts(%d, %s, %d, %d);\n", i,
			frame->exclusive ? "true" : "false", mm_mappings(m, page->frame),
			mm_mappings(m, page->frame) + frame->gets + 1024 * frame->pins);
	}
}

static void write_call(struct written *w, const struct prediction *p)
{
	const struct emitter *emitter = emitter_of(p->op->row);
	char text[OP_TEXT], call[256], result[64], other[64];

	op_print(p->op, text, sizeof(text));
	if (!emitter) {
		w->without_row = p->op->row->name;
		return;
	}
	emit(call, sizeof(call), emitter->call, op_letter, p);
	if (emitter->takes_turns) {
		fprintf(w->out, "\t%s;\n", call);
		return;
	}
	result_in_c(result, sizeof(result), p->step.result);
	result_in_c(other, sizeof(other), p->step.either ? p->step.other : p->step.result);
	fprintf(w->out, "\tif (turn(%s))\n\t\treturns(\"%s\", %s, %s, %s);\n",
		process_in_c(p->by), text, call, result, other);
}

static void write_step(const struct prediction *p, void *arg)
{
	struct written *w = arg;
	char text[OP_TEXT];

	op_print(p->op, text, sizeof(text));
	if (!p->possible) {
		fprintf(w->out, "\t/* left out, not possible here: %s */\n", text);
		return;
	}
	if (p->step.medium && p->op->row->uses_medium)
		fprintf(w->out, "\tfile_gets(%d, %d);\n", op_medium_page(p->op), p->step.medium);
	if (!strcmp(p->op->row->name, "trace") && p->step.content[p->op->first])
		fprintf(w->out, "\tpatch(%d, %d);\n", p->step.content[p->op->first],
			p->step.patched);
	write_call(w, p);
	write_state(w, &p->after);
	write_holders(w, p);
	if (p->op->row->uses_medium && p->after.medium[op_medium_page(p->op)] >= 0)
		fprintf(w->out, "\tfile_has(%d, %d);\n", op_medium_page(p->op),
			p->after.medium[op_medium_page(p->op)]);
	if (p->last)
		write_counts(w, &p->after);
}

static bool uses_transfer(const struct sequence *sequence)
{
	size_t i;

	for (i = 0; i < sequence->count; i++)
		if (!strcmp(sequence->op[i].row->name, "begin"))
			return true;
	return false;
}

/* main(), as text that the caller frees. */
static char *write_main(const struct sequence *sequence, const char **without_row)
{
	const struct mm_kernel kernel = sequence_kernel();
	static struct written written;
	char *text = NULL;
	size_t size, i;

	memset(&written, 0, sizeof(written));
	for (i = 0; i < MM_PROCESSES * MM_PAGES; i++)
		written.page[i / MM_PAGES][i % MM_PAGES].soft = -1;
	written.out = open_memstream(&text, &size);
	if (!written.out)
		return NULL;
	fprintf(written.out, "int main(int argc, char **argv)\n{\n\tif (argc > 1)\n"
			     "\t\tdirectory = argv[1];\n%s\tbegin();\n",
		uses_transfer(sequence) ? "\tif (argc > 2)\n\t\tslow = argv[2];\n" : "");
	predict(sequence, &kernel, write_step, &written);
	fprintf(written.out, "\treturn end();\n}\n");
	*without_row = written.without_row;
	return fclose(written.out) ? NULL : text;
}

/* The comment at the top: what it is, and how to compile and run it. */
static const char head[] =
	"/*\n"
	" * Each call below is followed by what Linux %d.%d must show after it: which page\n"
	" * frames the processes map, where these are, the permissions, and the bytes.\n"
	" *\n";
static const char how[] =
	" *\n"
	" * Compile it with the headers of the kernel's tree, and run it as root, with a\n"
	" * directory of a filesystem that has O_DIRECT:\n"
	" *\n"
	" *\tcc -Wall -Wextra -isystem TREE -idirafter TREE/include/uapi reproducer.c%s\n"
	" *\t./a.out [DIRECTORY%s]\n"
	" *\n"
	" * It needs CONFIG_TEST_HMM=m, CONFIG_GUP_TEST, debugfs, and reserved memory for two\n"
	" * coherent devices: memmap=256M$0x40000000 memmap=256M$0x50000000. Then:\n"
	" *\n"
	" *\tmodprobe test_hmm spm_addr_dev0=0x40000000 spm_addr_dev1=0x50000000\n"
	" *\tmajor=$(awk '$2 ~ /hmm_dmirror/ { print $1 }' /proc/devices)\n"
	" *\tfor n in 0 1 2 3; do mknod /dev/hmm_dmirror$n c $major $n; done\n"
	" *\n"
	" * Exit status: 0 as expected, 1 not as expected, 2 it could not run.\n"
	" */\n";

static void write_head(FILE *out, const struct sequence *sequence, int version, bool ring)
{
	char text[OP_TEXT];
	size_t i;

	parts_license(out);
	fprintf(out, head, version / 100, version % 100);
	for (i = 0; i < sequence->count; i++) {
		op_print(&sequence->op[i], text, sizeof(text));
		fprintf(out, " *\t%s\n", text);
	}
	fprintf(out, how, ring ? " -luring" : "",
		uses_transfer(sequence) ? " [DEVICE-MAPPER-DEVICE]" : "");
}

static void write_includes(FILE *out, const char *used, const char *text)
{
	size_t i;

	fprintf(out, "#define _GNU_SOURCE\n");
	for (i = 0; i < ARRAY_SIZE(headers); i++)
		if (!headers[i].word || text_uses(used, headers[i].word))
			fprintf(out, "#include <%s>\n", headers[i].header);
	/* The header of the C library may not have it yet. */
	if (text_uses(text, "MADV_COLLAPSE"))
		fprintf(out, "\n#ifndef MADV_COLLAPSE\n#define MADV_COLLAPSE 25\n#endif\n");
	fprintf(out, "\nenum { OWNER, CHILD, GRANDCHILD, PROCESSES, PAGES = %d };\n\n", MM_PAGES);
}

/* In the order in which they may use each other. */
static const char *const files[] = {
	"world.c.in", "map.c.in", "cpu.c.in", "hold.c.in", "more.c.in", "look.c.in", NULL
};

bool program_print(FILE *out, const struct sequence *sequence, int version, const char *folder,
		   char *error, size_t size)
{
	const char *without_row = NULL;
	char *text = write_main(sequence, &without_row), *used = NULL;
	size_t length;
	FILE *memory = open_memstream(&used, &length);
	bool right;

	right = text && memory && parts_print(memory, folder, files, text);
	if (!right)
		snprintf(error, size, "%s: %s", folder, strerror(errno));
	if (memory && fclose(memory))
		right = false;
	if (right && !without_row) {
		write_head(out, sequence, version, text_uses(used, "rings"));
		write_includes(out, used, text);
		fprintf(out, "%s%s", used, text);
	}
	if (right && without_row)
		snprintf(error, size, "'%s' has no row in common/explore/emitters.c", without_row);
	free(text);
	free(used);
	return right && !without_row;
}
