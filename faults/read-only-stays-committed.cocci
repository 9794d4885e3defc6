// SPDX-License-Identifier: GPL-2.0
// breaks: memory without pages that mprotect() makes read-only stays accounted as committed
// claim: S2
// rule: nothing-else-changes
// file: mm/mprotect.c
// resembles: nothing known
// tests: mappings.*.locked-becomes-writable
@@
identifier f = {mprotect_fixup};
symbol nrpages;
@@
 f(...)
 {
 <...
 if (...)
-	vm_unacct_memory(nrpages);
+	;
 ...>
 }
