// SPDX-License-Identifier: GPL-2.0
// fixes: a page that KSM has merged stays in memory, where KSM and its rmap find it
// finding: ksm-page-on-device
// kernels: 6.1 6.12 7.3
// file: mm/migrate_device.c
// tests: ksm.users-stay-known ksm.merging-is-no-way-in@6.1
// tests: destructive.ksm-page-comes-back destructive.ksm-page-private destructive.ksm-page-moved
@@
identifier f = migrate_vma_collect_pmd;
expression page, vma, addr, pte;
@@
 f(...)
 {
 <...
 page = vm_normal_page(vma, addr, pte);
+if (page && folio_test_ksm(page_folio(page)))
+	goto next;
 ...>
 }
