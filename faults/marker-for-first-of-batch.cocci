// SPDX-License-Identifier: GPL-2.0
// breaks: when a large page of a file is unmapped, only its first page stays protected by userfaultfd
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: huge-shared.huge.protected-and-dropped
@@
identifier f = {cond_install_uffd_wp_ptes};
identifier nr_ptes;
@@
 f(...)
 {
 <...
-if (--nr_ptes == 0)
-	break;
+break;
 ...>
 }
