// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim discards a huge page that was written again after MADV_FREE
// claim: S3
// rule: bytes-as-expected
// file: mm/huge_memory.c
// resembles: nothing known
// tests: coherent.*
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
