// SPDX-License-Identifier: GPL-2.0
// fixes: a write fault that removes asynchronous write protection marks the page as accessed
// finding: async-wp-not-young
// kernels: 7.3
// file: mm/memory.c
// tests: trackers.private.migrated trackers.private.protected trackers.private.forked
@@
expression E;
@@
 do_wp_page(...)
 {
 <...
-pte_clear_uffd(E)
+pte_mkyoung(pte_clear_uffd(E))
 ...>
 }
