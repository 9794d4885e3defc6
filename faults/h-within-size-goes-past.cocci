// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page of shared memory with the setting within_size goes past the end of its file
// claim: S2
// rule: huge-as-advised
// file: mm/shmem.c
// history: mm: shmem: fix incorrect index alignment for within_size policy (d0e6983a6d17)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: huge-shared.small.within
@@
identifier f = {shmem_get_orders_within_size};
identifier index, order;
@@
 f(...)
 {
 <...
-round_up(index + 1, 1 << order)
+round_up(index, 1 << order)
 ...>
 }
