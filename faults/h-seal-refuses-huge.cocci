// SPDX-License-Identifier: GPL-2.0
// breaks: F_SEAL_WRITE of a memfd with a huge page fails with EBUSY
// claim: S5
// rule: sealed-stays
// file: mm/memfd.c
// history: memfd: fix F_SEAL_WRITE after shmem huge page allocated (f2b277c4d1c6)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 7.3
// tests: huge-shared.huge.sealed
@@
identifier f = {memfd_folio_has_extra_refs};
identifier folio;
@@
 f(...)
 {
 <...
-folio_expected_ref_count(folio)
+folio_mapcount(folio) + 1
 ...>
 }
