// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE fails with ENOMEM although huge pages are free
// claim: S5
// rule: legal-calls-work
// file: mm/khugepaged.c
// resembles: nothing known
// tests: collapse-states.by-ptes.by-advice
@@
identifier f = {madvise_collapse};
identifier cc;
@@
 f(..., unsigned long start, unsigned long end)
 {
 <...
-if (!cc) return -ENOMEM;
+if (!cc || start < end) {
+	kfree(cc);
+	return -ENOMEM;
+}
 ...>
 }
