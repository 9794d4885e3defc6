/* SPDX-License-Identifier: GPL-2.0 */
/*
 * restore.h - what a test changed in the machine is back when the next one
 * begins, however it ended
 *
 * A test that gave up, crashed or was killed cannot clean up. So it says
 * beforehand what has to be undone, in memory that it shares with the program,
 * and the program does it after the test's processes have gone. Last said,
 * first undone.
 */
#ifndef HMM_COHERENT_RESTORE_H
#define HMM_COHERENT_RESTORE_H

#include <stdbool.h>

/*
 * Make the table. Called once, before anything forks; a signal that ends the
 * program undoes what is in it.
 */
void restore_create(void);

/*
 * The file @path, a setting of the kernel, gets back what it has now. Breaks
 * the test when it cannot be read.
 */
void restore_setting(const char *path);

/* The same, and it is set to @number now. Ends the test when the kernel refuses that. */
void change_setting(const char *path, long number);

/* The file @path gets @text. */
void restore_text(const char *path, const char *text);

/*
 * Swap to the file @path ends, and the file is removed: now, if an earlier run
 * has left it, and after the test.
 */
void restore_swap(const char *path);

/* The folder @path (a cgroup) is removed, as soon as nobody is in it any more. */
void restore_folder(const char *path);

/*
 * Undo all of it, in a child of the program. Returns false when something could
 * not be undone: with a "broken:" line in the report, or with a failed check
 * under kernel-survives when the kernel does not return from the system call.
 */
bool restore_all(void);

#endif
