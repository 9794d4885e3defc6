// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_DONTNEED leaves the marker of UFFDIO_POISON
// claim: S3
// rule: nothing-else-changes
// file: mm/memory.c
// resembles: nothing known
// tests: marks.*-poison.removed
@@
identifier f = {zap_nonpresent_ptes};
symbol details, entry, ptent;
@@
 f(...)
 {
 <...
 entry = softleaf_from_pte(ptent);
+if (softleaf_is_poison_marker(entry) && !zap_drop_markers(details))
+	return 1;
 ...>
 }
