// SPDX-License-Identifier: GPL-2.0
// breaks: truncating a file leaves private copies behind its new end if they are swapped out
// claim: S3
// rule: end-of-file
// file: mm/memory.c
// history: mm: don't skip swap entry even if zap_details specified (5abfd71d936a)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: file-pages.system-*.swapped-and-truncated
@@
identifier f = {zap_nonpresent_ptes};
identifier details, nr, pte, max_nr, ptent;
@@
 f(...)
 {
 <...
-if (!should_zap_cows(details))
+if (details && !details->reclaim_pt && !zap_drop_markers(details))
 	return 1;
 nr = swap_pte_batch(pte, max_nr, ptent);
 ...>
 }
