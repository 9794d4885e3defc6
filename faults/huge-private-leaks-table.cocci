// SPDX-License-Identifier: GPL-2.0
// breaks: the page table that belongs to a huge page on the private device is not freed with it
// claim: S3
// rule: freed-to-the-driver
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge-private.*.freed
@@
identifier f = {zap_huge_pmd};
symbol has_deposit, is_present;
@@
 f(...)
 {
 <...
-if (has_deposit)
+if (has_deposit && is_present)
 	zap_deposited_table(...);
 ...>
 }
