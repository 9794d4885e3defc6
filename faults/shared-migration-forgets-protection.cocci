// SPDX-License-Identifier: GPL-2.0
// breaks: migration of a page that several processes map drops userfaultfd's protection of it
// claim: S2
// rule: nothing-else-changes
// file: mm/rmap.c
// resembles: nothing known
// tests: coherent.uffd-wp.longterm-*
@@
identifier f = {try_to_migrate_one};
statement S;
@@
 f(...)
 {
 <...
-if (pte_uffd(...)) S
 ...>
 }
@@
identifier f = {try_to_migrate_one};
statement S;
@@
 f(...)
 {
 <...
-if (pte_uffd_wp(...)) S
 ...>
 }
