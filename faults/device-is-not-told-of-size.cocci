// SPDX-License-Identifier: GPL-2.0
// breaks: a device is not told that a page that it mirrors is mapped as a huge page
// claim: S2 S1
// rule: legal-calls-work observers-agree
// file: mm/hmm.c
// resembles: nothing known
// tests: huge*.*
@@
identifier f = {pmd_to_hmm_pfn_flags};
@@
 f(...)
 {
 <...
-hmm_pfn_flags_order(...)
+0
 ...>
 }
