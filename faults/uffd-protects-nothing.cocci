// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_WRITEPROTECT returns success and does nothing
// claim: S5
// rule: protection-as-asked uffd-wp-stops-writes
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: coherent.uffd-wp.cpu-write tracking.coherent-rw.uffd-wp-travels
@@
identifier f = {mwriteprotect_range};
expression list args;
identifier err;
@@
 f(...)
 {
 <...
(
-err = uffd_wp_range(args);
+err = 0;
|
-uffd_wp_range(args);
+;
)
 ...>
 }
