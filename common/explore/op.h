/* SPDX-License-Identifier: GPL-2.0 */
/*
 * op.h - the operations of random sequences: one row and one function each for
 * what the model expects and for what the process does
 */
#ifndef HMM_COHERENT_OP_H
#define HMM_COHERENT_OP_H

#include <stdbool.h>
#include <stddef.h>

#include "explore/mm_access.h"
#include "explore/mm_change.h"
#include "reach/request.h"
#include "report/rules.h"

#define OP_OPTIONS 3
#define OP_TEXT 64
/* The most operations in one sequence: its text fits into one line of a report. */
#define SEQUENCE_MAX 48
#define SEQUENCE_TEXT (SEQUENCE_MAX * 40)

struct op_row;

/* One operation of a sequence. */
struct op {
	const struct op_row *row;
	int option[OP_OPTIONS];	/* index of the word that was chosen */
	enum mm_who who;
	int first, count;	/* pages; for "map" only the count */
};

struct sequence {
	struct op op[SEQUENCE_MAX];
	size_t count;
};

/* What the model expects of one operation, and what its function needs to know. */
struct step {
	int content[MM_PAGES];	/* new contents, by page */
	long result;
	/* another result that the kernel may return, if @either */
	bool either;
	long other;
	bool reads;		/* the bytes that the function reads are compared */
	int page;		/* the page that it uses, if @op does not say */
	int medium;		/* what the owner first puts on the medium; 0: nothing */
	bool uncounted;		/* it must leave nr_mlock of /proc/vmstat as it is */
	int patched;		/* the old content, of which one word changes */
	/* which "may" of the kernel the results are, if @either */
	enum mm_may may;
};

/* Who carries out the operation: the process that it names, or another one. */
enum op_actor { BY_WHO, BY_OWNER_OF_SEQUENCE, BY_ANOTHER };

enum op_pages { PAGES_NONE, PAGES_ONE, PAGES_SOME, PAGES_NUMBER };

struct op_row {
	const char *name;
	const char *what;	/* one line, with the kernel functions that decide */
	const char *options[OP_OPTIONS];	/* words, separated by '|' */
	enum op_pages pages;
	bool names_process;	/* the operation may name a process */
	int weight;		/* how often the generator takes it */
	enum rule_id rule;
	enum op_actor actor;
	/* The twin in system memory leaves it out. */
	bool to_device;
	bool uses_medium;	/* it transfers to or from the file: page first, or page 0 */
	/* What it takes or releases: this one, or for the word "b" of "a|b" the next one. */
	enum mm_holder holder;
	/* Can the model predict what happens? Otherwise the operation is left out. */
	bool (*possible)(const struct mm_model *m, const struct op *op);
	/*
	 * Is it refused in a way that is common, so that one in few is enough? The generator
	 * leaves it out. May be NULL.
	 */
	bool (*dull)(const struct mm_model *m, const struct op *op);
	/* Change the model. */
	void (*expect)(struct mm_model *m, const struct op *op, struct step *step);
	/* Done by the owner before, for instance to fill the medium. May be NULL. */
	void (*prepare)(const struct op *op, const struct step *step);
	/* Instead of @act, by the owner: changes which processes and buffers there are. */
	void (*change)(const struct mm_model *before, const struct op *op);
	/* Do it, in the process that carries it out. Returns bytes, 0, -errno or KILLED_BY(). */
	child_act *act;
};

#define OP_ROWS_MAX 64

/* All rows. @count gets how many. */
const struct op_row *op_rows(size_t *count);

const struct op_row *op_cpu_rows(size_t *count);
const struct op_row *op_map_rows(size_t *count);
const struct op_row *op_hold_rows(size_t *count);
const struct op_row *op_ring_rows(size_t *count);
const struct op_row *op_marks_rows(size_t *count);
const struct op_row *op_advice_rows(size_t *count);
const struct op_row *op_flight_rows(size_t *count);
const struct op_row *op_node_rows(size_t *count);
const struct op_row *op_swap_rows(size_t *count);
const struct op_row *op_merge_rows(size_t *count);

/* The word of option @number that @op has chosen, into @text. */
void op_option(const struct op *op, int number, char *text, size_t size);

/* How many words option @number of @row has. */
int op_choices(const struct op_row *row, int number);

/* Names of processes and devices, as in the text of a sequence. */
const char *who_name(enum mm_who who);
enum place device_option(int option);

/* The process that a fork makes. */
enum mm_who op_next_process(const struct mm_model *m) __must_check;

/* The page of the file that the operation transfers. */
int op_medium_page(const struct op *op) __must_check;

/* The other process that carries out an operation BY_ANOTHER, or @who if there is none. */
enum mm_who op_another(const struct mm_model *m, enum mm_who who);

bool op_is_possible(const struct mm_model *m, const struct op *op, bool twin);

/* The page of the other buffer at the position of @page. */
int op_other_page(int page) __must_check;

/* An access of the CPU to page op->first. A write has its new content in @step. */
void op_expect_access(struct mm_model *m, const struct op *op, struct step *step,
		      struct mm_access access);

/* The holder that the operation names. Does it hold something? */
enum mm_holder op_holder(const struct op *op) __must_check;
bool op_is_held(const struct mm_model *m, const struct op *op) __must_check;

/*
 * The access of this holder to page op->first of the owner, which it keeps if it is not
 * refused; the result is then @done.
 */
void op_expect_hold(struct mm_model *m, const struct op *op, struct step *step,
		    struct mm_access access, long done);

/* The holder releases what it has. */
void op_expect_let_go(struct mm_model *m, const struct op *op, struct step *step);

/*
 * Before a transfer from the medium it gets new bytes, and before one to it known
 * ones: the model's part, and the owner's.
 */
void op_prepare_medium(struct mm_model *m, int page, bool from_medium, struct step *step);
void op_put_on_medium(int page, int content);

/*
 * Does the advice reach the mapping of this page? madvise_walk_vmas() continues
 * behind a hole and returns ENOMEM in the end; a locked mapping ends it
 * (madvise_dontneed_free_valid_vma(), can_madv_lru_vma()).
 */
bool op_is_advised(const struct mm_page *page, struct step *step) __must_check;

#endif
