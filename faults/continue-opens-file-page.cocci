// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_CONTINUE maps a page of the file writable into a private mapping
// claim: S5
// rule: filled-as-asked
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-fill.private-copy.continued-and-written
@@
identifier f = {mfill_atomic_install_pte};
@@
 f(...)
 {
 <...
-if (page_in_cache && !vm_shared) writable = false;
 ...>
 }
