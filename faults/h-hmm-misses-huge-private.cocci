// SPDX-License-Identifier: GPL-2.0
// breaks: a device does not find the huge page that is on itself
// claim: S1
// rule: observers-agree
// file: mm/hmm.c
// history: mm/hmm: populate PFNs from PMD swap entry (10b9feee2d0d)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: huge-private.*
@@
identifier f = {hmm_vma_handle_absent_pmd};
symbol entry, range;
@@
 f(...)
 {
 <...
-if (softleaf_is_device_private(entry) &&
-    softleaf_to_folio(entry)->pgmap->owner == range->dev_private_owner)
-	{ ... }
 ...>
 }
