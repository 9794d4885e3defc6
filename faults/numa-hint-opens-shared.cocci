// SPDX-License-Identifier: GPL-2.0
// breaks: a NUMA hinting fault makes a page writable that a child shares
// claim: S3
// rule: nobody-sees-the-other
// file: mm/memory.c
// resembles: nothing known
// tests: balancing.*
@@
identifier f = {do_numa_page};
symbol writable, pte_write_upgrade, vma, vmf, pte;
@@
 f(...)
 {
 <...
-if (!writable && pte_write_upgrade && can_change_pte_writable(vma, vmf->address, pte))
+if (!writable && pte_write_upgrade)
 	writable = true;
 ...>
 }
