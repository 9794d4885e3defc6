// SPDX-License-Identifier: GPL-2.0
// breaks: a direct read of a file does not change its time of access
// claim: S7
// rule: direct-is-direct
// file: fs/ext4/file.c
// resembles: nothing known
// tests: direct-cache.*-file.timed
@@
expression E;
@@
 ext4_dio_read_iter(...)
 {
 <...
-file_accessed(E);
 ...>
 }
