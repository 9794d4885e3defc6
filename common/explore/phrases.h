/* SPDX-License-Identifier: GPL-2.0 */
/* phrases.h - how each operation is written in a scenario: the table */
#ifndef HMM_COHERENT_PHRASES_H
#define HMM_COHERENT_PHRASES_H

#include "explore/emitters.h"
#include "reach/buffer.h"

struct phrase {
	const char *name;	/* of the operation */
	/*
	 * An expression in C, whose result is checked. A child evaluates it in a
	 * child_act(). Without it and @always there are no words for the operation.
	 */
	const char *call;
	/* Instead, if the owner does it and it succeeds: a statement of story.h. May be NULL. */
	const char *by_owner;
	/* Instead, always. May be NULL. */
	const char *always;
	/* What a child_act() needs in its argument: the target's process, the file. */
	const char *arg;
	const char *needs;	/* a statement before the first step, or NULL */
	enum writer writes;	/* whose pattern the operation writes; 0: none, or the CPU's */
};

/* The row of an operation; NULL if there is none. */
const struct phrase *phrase_of(const struct op_row *row);

/*
 * Letters of phrases beside those of emitters.h: %B the buffer, %D the device,
 * %P the place of its pages, %C the child, %G the ring, %A the protection, %W
 * the writer, %T the process and %M the file that a call uses.
 */
letter_writer phrase_letter;

/*
 * The number of a page in the buffer of the scenario, which has both buffers of
 * the sequence and no hole between them. First call scenario_maps().
 */
void scenario_maps(const struct sequence *sequence);
int scenario_page(int page);
bool scenario_has_page(int page);

/* Who writes if a process of the sequence does: "BY_CHILD". */
enum writer writer_of(enum mm_who who);
const char *writer_in_c(enum writer writer);

#endif
