/* SPDX-License-Identifier: GPL-2.0 */
/*
 * held_files.h - keeps the device files of ended tests open
 *
 * When a file of a device is closed, test_hmm looks at each page frame of the
 * device for pages to evict (dmirror_device_evict_chunk()). Under emulation that
 * takes 4 ms, a seventh of the time of all tests, and with KASAN and lockdep half
 * of it; the device has no page of a story that has ended. So vm/init starts a
 * process, the holder, which keeps these files open until the VM ends. Tests of
 * the eviction close their files themselves (device_life.c, failures.c).
 */
#ifndef HMM_COHERENT_HELD_FILES_H
#define HMM_COHERENT_HELD_FILES_H

#define HELD_FILES_HOLDER "--hold-files"

/*
 * main() of the holder, which is a program started with HELD_FILES_HOLDER and the
 * folder with its pipes, "requests" and "answers". Does not return normally.
 */
int held_files_main(const char *folder);

/*
 * If this VM has a holder (HMM_COHERENT_HELD_FILES is the folder), give it the
 * device file @fd, which the caller closes, too. Without an answer within 20 seconds,
 * the file is not held.
 */
void held_files_add(int fd);

#endif
