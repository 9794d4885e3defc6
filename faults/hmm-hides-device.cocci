// SPDX-License-Identifier: GPL-2.0
// breaks: hmm_range_fault() without a fault request shows a coherent page as a hole
// claim: S1
// rule: observers-agree
// file: mm/hmm.c
// resembles: nothing known
// tests: coherent.rw.cpu-read coherent.ro.vm-read
@@
identifier f = {hmm_vma_handle_pte};
symbol pte, cpu_flags, hmm_pfn, new_pfn_flags;
@@
 f(...)
 {
 <...
(
- *hmm_pfn = pte_pfn(pte) | cpu_flags;
+ if (is_device_coherent_page(pte_page(pte)) && !range->default_flags)
+	*hmm_pfn = 0;
+ else
+	*hmm_pfn = pte_pfn(pte) | cpu_flags;
|
- new_pfn_flags = pte_pfn(pte) | cpu_flags;
+ if (is_device_coherent_page(pte_page(pte)) && !range->default_flags)
+	new_pfn_flags = 0;
+ else
+	new_pfn_flags = pte_pfn(pte) | cpu_flags;
)
 ...>
 }
