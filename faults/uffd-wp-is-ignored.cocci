// SPDX-License-Identifier: GPL-2.0
// breaks: a write fault ignores userfaultfd write protection
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.uffd-wp.cpu-write
@@
identifier f = {do_wp_page};
expression list args;
@@
 f(...)
 {
 <...
-userfaultfd_pte_wp(args)
+0
 ...>
 }
