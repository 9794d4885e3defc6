// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE of shared memory fails unless the setting for its size allows huge pages
// claim: S2
// rule: collapse-by-state
// file: mm/shmem.c
// history: mm: shmem: ignore sysfs configs for shmem forced collapse (commit not seen)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 7.3
// tests: huge-shared.small.collapsed-by-force
@@
identifier f = {shmem_allowable_huge_orders};
identifier vma, shmem_huge_force;
@@
 f(...)
 {
 <...
-!vma || !vma_is_anon_shmem(vma) || shmem_huge_force
+!vma || !vma_is_anon_shmem(vma)
 ...>
 }
