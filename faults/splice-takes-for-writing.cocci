// SPDX-License-Identifier: GPL-2.0
// breaks: vmsplice() takes references for writing to pages that it only reads
// claim: S7
// rule: get-leaves-shared
// file: lib/iov_iter.c
// resembles: nothing known
// tests: coherent.cow-shared.vmsplice
@@
identifier f = {__iov_iter_get_pages_alloc, iov_iter_get_pages2, iov_iter_get_pages};
expression E, flags;
@@
 f(...)
 {
 <...
-if (E != WRITE)
 flags |= FOLL_WRITE;
 ...>
 }
