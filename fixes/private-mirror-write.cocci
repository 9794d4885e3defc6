// SPDX-License-Identifier: GPL-2.0
// fixes: hmm_range_fault() faults for a caller's private page that may not be written
// finding: private-mirror-write
// kernels: 6.1 6.12 7.3
// file: mm/hmm.c
@@
identifier f = hmm_vma_handle_pte;
identifier writable = {is_writable_device_private_entry, softleaf_is_device_private_write};
@@
 f(...)
 {
 <...
 if (writable(entry))
 	cpu_flags |= HMM_PFN_WRITE;
+if (hmm_pte_need_fault(hmm_vma_walk, pfn_req_flags, cpu_flags))
+	goto fault;
 ...>
 }
