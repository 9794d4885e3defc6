// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim discards a huge page that was written again after MADV_FREE
// claim: S3
// rule: dirty-outlives-mapping
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge.*.freed-then-written
@@
identifier f = {__discard_anon_folio_pmd_locked};
@@
 f(...)
 {
 <...
-pmd_dirty(...)
+false
 ...>
 }
