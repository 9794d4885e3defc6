/* SPDX-License-Identifier: GPL-2.0 */
/*
 * parts.h - the functions that a written program may use: those that it does
 * use are put before it
 */
#ifndef HMM_COHERENT_PARTS_H
#define HMM_COHERENT_PARTS_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Write to @out what @text uses of @files in @folder (NULL is their end), and
 * what that uses in turn, in their order. Returns false if a file cannot be
 * read: errno.
 */
bool parts_print(FILE *out, const char *folder, const char *const *files, const char *text);

/* Write the first line of a source file. */
void parts_license(FILE *out);

/* Is @name in @text, as a whole word, outside of comments and strings? */
bool text_uses(const char *text, const char *name);

#endif
