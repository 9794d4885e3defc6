// SPDX-License-Identifier: GPL-2.0
// breaks: a write fault on an exclusive device page copies it (what the offset of one would have done)
// claim: S5
// rule: exclusive-is-reused
// file: mm/memory.c
// tests: coherent.soft-dirty.cpu-write coherent.soft-dirty.pin-fast-write
@@
identifier f =~ "^do_wp_page$";
expression page;
@@
 f(...)
 {
 <...
-	PageAnonExclusive(page)
+	(PageAnonExclusive(page) && !is_device_coherent_page(page))
 ...>
 }
