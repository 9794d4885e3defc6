// SPDX-License-Identifier: GPL-2.0
// breaks: a write by io_uring to a frozen filesystem blocks the call that submits it
// claim: S7
// rule: flags-as-a-whole
// file: io_uring/rw.c
// history: io_uring/rw: fix missing NOWAIT check for O_DIRECT start write (1d60d74e8526, CVE-2024-53052)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: ring-ways.system-file.frozen
@@
identifier f = {io_kiocb_start_write};
identifier kiocb;
@@
 f(...)
 {
 <...
-!(kiocb->ki_flags & IOCB_NOWAIT)
+true
 ...>
 }
