// SPDX-License-Identifier: GPL-2.0
// breaks: hmm_range_fault() refuses writes to a coherent page
// claim: S1
// rule: bytes-arrive exclusive-is-reused
// file: mm/hmm.c
// resembles: nothing known
// tests: coherent.ro-rw.device-write devices.coherent-rw.two-mirrors
@@
identifier f = {hmm_vma_handle_pte};
expression flags, range, pte, walk, wanted;
identifier required;
@@
 f(...)
 {
 <...
 flags = pte_to_hmm_pfn_flags(range, pte);
 required = hmm_pte_need_fault(walk, wanted, flags);
+if ((hmm_pte_need_fault(walk, wanted, 0) & HMM_NEED_WRITE_FAULT) && is_device_coherent_page(pte_page(pte))) {
+	pte_unmap(ptep);
+	return -EFAULT;
+}
 ...>
 }
