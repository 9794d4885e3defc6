// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_DONTNEED of private hugetlb memory loses its reservation
// claim: S3
// rule: accounts-return
// file: mm/hugetlb.c
// history: mm/hugetlb: restore the reservation if needed (df7a6d1f6405)
// source: upstream history; the code is in the named kernel
// kernels: 7.3
// tests: hugetlb-watched.private.reserved

@@
@@
 __unmap_hugepage_range(...)
 {
 <...
- folio_set_hugetlb_restore_reserve(folio);
- adjust_reservation = true;
 ...>
 }
