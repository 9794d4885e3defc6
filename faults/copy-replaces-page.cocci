// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_COPY replaces a page on a device
// claim: S2
// rule: fill-needs-hole
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: inherited.coherent-*.filled-by-monitor
@@
identifier f = {mfill_atomic_install_pte};
symbol dst_pte, dst_ptep;
@@
 f(...)
 {
 <...
(
-!pte_none_mostly(*dst_pte)
+!pte_none_mostly(*dst_pte) && !(pte_present(*dst_pte) && is_device_coherent_page(pte_page(*dst_pte)))
|
-!pte_none_mostly(ptep_get(dst_pte))
+!pte_none_mostly(ptep_get(dst_pte)) && !(pte_present(ptep_get(dst_pte)) && is_device_coherent_page(pte_page(ptep_get(dst_pte))))
|
-!pte_none(dst_ptep)
+!pte_none(dst_ptep) && !(pte_present(dst_ptep) && is_device_coherent_page(pte_page(dst_ptep)))
)
 ...>
 }
