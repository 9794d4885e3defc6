// SPDX-License-Identifier: GPL-2.0
// breaks: userfaultfd's write protection of several pages of a folio at once is forgotten
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/mprotect.c
// resembles: nothing known
// tests: mixed-huge.*.write-protected
@@
identifier f = {change_present_ptes};
identifier protect = {uffd_wp, uffd_prot};
symbol nr_ptes;
statement S1, S2;
@@
 f(...)
 {
 <...
-if (protect) S1
+if (protect && nr_ptes == 1) S1
 else S2
 ...>
 }
