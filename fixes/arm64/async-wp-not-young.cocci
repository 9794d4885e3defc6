// SPDX-License-Identifier: GPL-2.0
// fixes: a write fault that removes asynchronous write protection takes the entry out to change it
// finding: async-wp-not-young
// kernels: 7.3
// file: mm/memory.c
// tests: trackers.private.protected trackers.private.forked
@@
@@
 do_wp_page(...)
 {
 <...
-pte_clear_uffd(ptep_get(vmf->pte))
+pte_clear_uffd(ptep_get_and_clear(vma->vm_mm, vmf->address, vmf->pte))
 ...>
 }
