// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_COPY fills memory behind the end of a file
// claim: S2
// rule: filled-as-asked
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-fill.private-copy.behind-end
@@
identifier f = {mfill_file_over_size};
identifier offset, max_off;
@@
 f(...)
 {
 <...
-offset >= max_off
+0
 ...>
 }
@@
identifier f = {mfill_atomic_install_pte};
identifier offset, max_off;
@@
 f(...)
 {
 <...
-offset >= max_off
+0
 ...>
 }
