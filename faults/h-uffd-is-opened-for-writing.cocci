// SPDX-License-Identifier: GPL-2.0
// breaks: userfaultfd() returns a file that is open for writing
// claim: S5
// rule: monitor-has-feature
// file: mm/userfaultfd.c fs/userfaultfd.c
// history: userfaultfd: open userfaultfds with O_RDONLY (abec3d015fdf)
// source: Debian's changelog of linux; the commit from memory
// kernels: 6.1 7.3
// tests: uffd-fill.*
@@
expression X;
@@
 new_userfaultfd(...)
 {
 <...
-O_RDONLY | X
+O_RDWR | X
 ...>
 }
