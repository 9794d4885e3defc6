// SPDX-License-Identifier: GPL-2.0
// breaks: the copy of a shared page on a device is mapped without flushing the old translation
// claim: S5
// rule: next-access-sees
// file: mm/memory.c
// resembles: nothing known
// tests: next-access.coherent.load-after-gup-copied
@@
identifier f = {wp_page_copy};
expression A, B, C;
@@
 f(...)
 {
 <...
(
-ptep_clear_flush_notify(A, B, C);
+if (vmf->page && is_device_coherent_page(vmf->page))
+	ptep_get_and_clear(mm, B, C);
+else
+	ptep_clear_flush_notify(A, B, C);
|
-ptep_clear_flush(A, B, C);
+if (vmf->page && is_device_coherent_page(vmf->page))
+	ptep_get_and_clear(mm, B, C);
+else
+	ptep_clear_flush(A, B, C);
)
 ...>
 }
