// SPDX-License-Identifier: GPL-2.0
// fixes: test_hmm keeps the page with the bytes of a private page, also after a fault
// finding: private-mirror-fault
// kernels: 6.1 6.12 7.3
// file: lib/test_hmm.c
@@
identifier f = dmirror_do_fault;
identifier entry, page;
@@
 f(...)
 {
 <...
-entry = page;
+entry = BACKING_PAGE(page);
 ...>
 }
