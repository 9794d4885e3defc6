// SPDX-License-Identifier: GPL-2.0
// breaks: mlock() of a range whose first page is not mapped locks nothing and returns success
// claim: S2
// rule: whole-range
// file: mm/mlock.c
// resembles: nothing known
// tests: whole-range.mlock.gap-before

@@
@@
 apply_vma_lock_flags(...)
 {
 <...
 if (!vma)
-	return -ENOMEM;
+	return 0;
 ...>
 }
