// SPDX-License-Identifier: GPL-2.0
// breaks: the request takes precedence over deny
// claim: S2
// rule: collapse-by-state
// file: mm/shmem.c
// history: mm/shmem: restore SHMEM_HUGE_DENY precedence over MADV_COLLAPSE (3de0c269adc6)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1
// tests: collapse-shared.denied
@@
identifier f = {__shmem_is_huge};
symbol shmem_huge, shmem_huge_force;
@@
 f(...)
 {
 <...
-if (shmem_huge == SHMEM_HUGE_DENY)
-	return false;
 if (shmem_huge_force || shmem_huge == SHMEM_HUGE_FORCE)
 	return true;
+if (shmem_huge == SHMEM_HUGE_DENY)
+	return false;
 ...>
 }
