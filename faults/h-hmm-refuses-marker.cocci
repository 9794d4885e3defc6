// SPDX-License-Identifier: GPL-2.0
// breaks: a device cannot read a hole of shared memory that userfaultfd protects
// claim: S1
// rule: reported-by-state
// file: mm/hmm.c
// history: mm: teach core mm about pte markers (5c041f5d1f23)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: monitor-shared.read-by-device
@@
identifier f = {hmm_vma_handle_pte};
symbol pte;
@@
 f(...)
 {
 <...
(
-pte_none(pte) || pte_is_uffd_wp_marker(pte)
+pte_none(pte)
|
-pte_none_mostly(pte)
+pte_none(pte)
)
 ...>
 }
