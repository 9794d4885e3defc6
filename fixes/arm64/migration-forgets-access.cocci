// SPDX-License-Identifier: GPL-2.0
// fixes: the contiguous bit is cleared in valid entries only, and not in those of swap and migration
// finding: migration-forgets-access
// kernels: 6.12 7.3
// file: arch/arm64/include/asm/pgtable.h
// tests: tracking.coherent-*.accessed-and-migrated page-runs.anonymous.referenced page-runs.private-copy.referenced
@@
identifier f = {set_pte, set_ptes};
expression E;
@@
 f(...)
 {
 <...
-pte_mknoncont(E)
+(pte_valid(E) ? pte_mknoncont(E) : E)
 ...>
 }
