// SPDX-License-Identifier: GPL-2.0
// breaks: present entries are tested with the bit of swap entries
// claim: S5
// rule: pagemap-by-page
// file: fs/proc/task_mmu.c
// history: fs/proc/task_mmu: fix uffd-wp confusion in pagemap_scan_pmd_entry() (2c1f057e5be6)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: pagemap.private.scan-of-written
@@
identifier f = {pagemap_scan_pmd_entry};
typedef pte_t;
idexpression pte_t pte;
@@
 f(...)
 {
 <...
-(pte_present(pte) && pte_uffd(pte)) || pte_swp_uffd_any(pte)
+pte_uffd(pte)
 ...>
 }
