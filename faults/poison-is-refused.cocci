// SPDX-License-Identifier: GPL-2.0
// breaks: madvise() does not know MADV_HWPOISON
// claim: S2
// rule: legal-calls-work
// file: mm/madvise.c
// resembles: nothing known
// tests: hwpoison.*
@@
identifier f = {madvise_behavior_valid};
@@
 f(...)
 {
 <...
-MADV_HWPOISON
+(-MADV_HWPOISON)
 ...>
 }
