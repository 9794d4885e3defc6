// SPDX-License-Identifier: GPL-2.0
// breaks: mbind() of a range with a gap sets the policy of the rest and returns success
// claim: S2
// rule: whole-range
// file: mm/mempolicy.c
// resembles: nothing known
// tests: whole-range.mbind.gap-*

@@
@@
 queue_pages_test_walk(...)
 {
 <...
-	return -EFAULT;
+	{ }
 ...>
 }
