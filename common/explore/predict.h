/* SPDX-License-Identifier: GPL-2.0 */
/*
 * predict.h - what the model expects of each operation of a sequence, without
 * running it: for the program and the scenario that are written of it
 */
#ifndef HMM_COHERENT_PREDICT_H
#define HMM_COHERENT_PREDICT_H

#include "explore/op.h"

/* One operation, with the model before and after it. */
struct prediction {
	const struct op *op;
	int number;		/* of the operation, from 1 */
	bool last;		/* of those that are possible */
	bool possible;		/* false: it is left out, and nothing below is set */
	enum mm_who by;		/* who carries it out */
	struct mm_model before, after;
	struct step step;
};

/* The process that carries out the operation. */
enum mm_who op_actor(const struct mm_model *m, const struct op *op);

/*
 * Call @each for all operations, in order. In @after, each page frame has a
 * number of its own in pfn: one that moves gets a new one.
 */
void predict(const struct sequence *sequence, const struct mm_kernel *kernel,
	     void (*each)(const struct prediction *prediction, void *arg), void *arg);

/* @result as an expression in C: "page", "0", "-EFAULT", "-1000 - SIGSEGV". */
void result_in_c(char *text, size_t size, long result);

#endif
