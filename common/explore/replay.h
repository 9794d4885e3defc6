/* SPDX-License-Identifier: GPL-2.0 */
/*
 * replay.h - the text of a sequence, which is the whole truth about it:
 * "map 4; write 0-3; migrate a 0-3; fork; pin long fast write 1; write child 1"
 */
#ifndef HMM_COHERENT_REPLAY_H
#define HMM_COHERENT_REPLAY_H

#include <stdbool.h>

#include "explore/op.h"

/* Write one operation, or a sequence with its operations separated by "; ". */
void op_print(const struct op *op, char *text, size_t size);
void sequence_print(const struct sequence *sequence, char *text, size_t size);

/*
 * Read a sequence. Returns false and a sentence in @error if @text is not one:
 * which word of which operation, and what was expected there.
 */
bool sequence_parse(struct sequence *sequence, const char *text, char *error, size_t size);

#endif
