// SPDX-License-Identifier: GPL-2.0
// breaks: a device writes to a huge page that a child shares, without a copy
// claim: S5
// rule: fork-shares
// file: mm/hmm.c
// resembles: nothing known
// tests: huge-held.huge.written-by-device
@@
identifier f = {pmd_to_hmm_pfn_flags};
symbol pmd;
@@
 f(...)
 {
 <...
-pmd_write(pmd)
+true
 ...>
 }
