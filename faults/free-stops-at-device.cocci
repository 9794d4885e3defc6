// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_FREE stops at the first page on a device
// claim: S2
// rule: whole-range
// file: mm/madvise.c
// resembles: nothing known
// tests: reclaim.*.freed-in-mixture

@@
@@
 madvise_free_pte_range(...)
 {
 <...
 if (!folio || folio_is_zone_device(folio))
-	continue;
+	break;
 ...>
 }
