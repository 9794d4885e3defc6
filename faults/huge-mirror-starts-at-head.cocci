// SPDX-License-Identifier: GPL-2.0
// breaks: a device that mirrors from inside of a huge page on reads it from its beginning
// claim: S1
// rule: device-in-place
// file: mm/hmm.c
// resembles: nothing known
// tests: collapse-states.*.seen-by-device
@@
identifier f = {hmm_vma_handle_pmd};
identifier pmd;
expression E;
@@
 f(...)
 {
 <...
-pmd_pfn(pmd) + (E >> PAGE_SHIFT)
+pmd_pfn(pmd)
 ...>
 }
