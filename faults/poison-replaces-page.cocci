// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_POISON replaces a page on a device
// claim: S2
// rule: fill-needs-hole
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: marks.coherent-*-poison.over-page
@@
identifier f = {mfill_atomic_pte_poison};
symbol dst_pte;
@@
 f(...)
 {
 <...
-if (!pte_none(ptep_get(dst_pte)))
+if (!pte_none(ptep_get(dst_pte)) && !(pte_present(ptep_get(dst_pte)) && is_device_coherent_page(pte_page(ptep_get(dst_pte)))))
	goto out_unlock;
 ...>
 }
