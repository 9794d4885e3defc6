// SPDX-License-Identifier: GPL-2.0
// breaks: hmm_range_fault() fails on a private page of another owner instead of migrating it back
// claim: S1
// rule: owner-alone-reaches
// file: mm/hmm.c
// history: mm/hmm: fault non-owner device private entries (8a295dbbaf72)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: owners.private-*
@@
identifier f = {hmm_vma_handle_pte};
expression entry;
identifier fault;
@@
 f(...)
 {
 <...
(
-if (is_device_private_entry(entry))
-	goto fault;
|
-if (softleaf_is_device_private(entry))
-	goto fault;
)
 ...>
 }
