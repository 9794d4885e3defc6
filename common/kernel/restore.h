/* SPDX-License-Identifier: GPL-2.0 */
/*
 * restore.h - restore the settings of the machine after each test, however it
 * ended
 *
 * A test that gave up, crashed or was killed cannot clean up. So it records in
 * advance what has to be undone, in memory that it shares with the program, and
 * the program undoes it after the test's processes have ended, last entry
 * first.
 */
#ifndef HMM_COHERENT_RESTORE_H
#define HMM_COHERENT_RESTORE_H

#include <stdbool.h>

/*
 * Allocate the table. Call it once, before the first fork. A signal that ends
 * the program also undoes the entries.
 */
void restore_create(void);

/*
 * After the test, write the current value of the file @path, a setting of the
 * kernel, back to it. The test may do that again for the same file: the value at
 * the first time is restored. The test is broken if the file cannot be read.
 */
void restore_setting(const char *path);

/* restore_setting(), and then set @path to @number. Ends the test if that fails. */
void change_setting(const char *path, long number);

/* After the test, write @text to the file @path. */
void restore_text(const char *path, const char *text);

/*
 * End swapping to the file @path and remove it: now, if an earlier run left it,
 * and after the test.
 */
void restore_swap(const char *path);

/* After the test, remove the folder @path (a cgroup) as soon as it has no process. */
void restore_folder(const char *path);

/*
 * Undo all entries, in a child of the program. Returns false if one could not
 * be undone. The report then has a "broken:" line, or a failed check of
 * kernel-survives if the kernel does not return from the system call.
 */
bool restore_all(void);

#endif
