/* SPDX-License-Identifier: GPL-2.0 */
/* emitters.h - how each operation is written in a program: the table */
#ifndef HMM_COHERENT_EMITTERS_H
#define HMM_COHERENT_EMITTERS_H

#include <stddef.h>

#include "explore/predict.h"

struct emitter {
	const char *name;	/* of the operation */
	/*
	 * The call in C, of a function in common/explore/program/, with
	 *
	 *	%0 %1 %2	the words that were chosen; %i the index of the first one
	 *	%f %n		the first page, how many pages
	 *	%w %b		the process of the operation, and the one that carries it out
	 *	%j		the process that a fork makes
	 *	%p		the parent of the process
	 *	%c %m %q	the contents of the page and of the file, and the page that
	 *			the operation uses without saying so
	 *	%l %u		FOLL_LONGTERM of the kernel; does it have UFFDIO_MOVE?
	 *	%t		the text of the operation
	 */
	const char *call;
	bool takes_turns;	/* the call is a whole statement for all processes */
};

/* The row of an operation; NULL if there is none. */
const struct emitter *emitter_of(const struct op_row *row);

/* What stands for the letter @name of a call. */
typedef void letter_writer(char *text, size_t size, char name, const struct prediction *p);
letter_writer op_letter;

/* Write @format, with the letters behind '%' replaced. */
void emit(char *text, size_t size, const char *format, letter_writer *write_letter,
	  const struct prediction *prediction);

/* The name of a process in a written program: "OWNER". */
const char *process_in_c(enum mm_who who);

#endif
