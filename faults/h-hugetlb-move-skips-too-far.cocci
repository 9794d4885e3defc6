// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() moves hugetlb pages behind a hole to a wrong address, or leaves them behind
// claim: S2
// rule: moves-with-address
// file: mm/hugetlb.c
// history: mm/hugetlb: preserve mremap address delta when skipping page tables (commit not seen)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 6.1 7.3
// tests: hugetlb-watched.private.moved-across-tables
// seen: check splat hang
@@
identifier f = {move_hugetlb_page_tables};
identifier old_addr, new_addr, offset_to_last_entry;
@@
 f(...)
 {
 <...
-old_addr += offset_to_last_entry;
-new_addr += offset_to_last_entry;
+old_addr |= last_addr_mask;
+new_addr |= last_addr_mask;
 ...>
 }
