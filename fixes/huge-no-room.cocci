// SPDX-License-Identifier: GPL-2.0
// fixes: a huge page for which a device has too few small pages stays, and no NULL is a page
// finding: huge-coherent
// kernels: 7.3
// file: lib/test_hmm.c
// tests: destructive.huge-page-no-room
@@
identifier f = dmirror_migrate_alloc_and_copy;
identifier src, dst, addr;
@@
 f(...)
 {
 <...
 dpage = dmirror_devmem_alloc_page(dmirror, false);
+if (!dpage) {
+	src++;
+	dst++;
+	addr += PAGE_SIZE;
+	continue;
+}
 rpage = BACKING_PAGE(dpage);
 ...
 src++;
 dst++;
 addr += PAGE_SIZE;
 ...>
 }
