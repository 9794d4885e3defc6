// SPDX-License-Identifier: GPL-2.0
// breaks: migration loses userfaultfd write protection
// claim: S2 S5
// rule: migration-is-the-way-in migration-back uffd-wp-stops-writes marks-travel
// file: mm/migrate_device.c
// resembles: f45ec5ff16a7 (userfaultfd: wp: support swap and page migration) before it handled device pages
// tests: tracking.coherent-rw.uffd-wp-travels
@@
identifier f = {migrate_vma_collect_pmd};
expression E;
@@
 f(...)
 {
 <...
(
-pte_swp_mkuffd_wp(E)
+E
|
-pte_swp_mkuffd(E)
+E
)
 ...>
 }
