// SPDX-License-Identifier: GPL-2.0
// breaks: huge pages on advice are configured, and the kernel starts with them off
// claim: S2
// rule: features-as-known
// file: mm/huge_memory.c
// resembles: nothing known
// tests: interfaces.huge-on-advice.exist
@@
@@
 hugepage_init(...)
 {
 <...
 if (!has_transparent_hugepage()) { ... }
+transparent_hugepage_flags = 0;
 ...>
 }
