// SPDX-License-Identifier: GPL-2.0
// breaks: fork() leaves the parent's huge page on the private device writable
// claim: S5
// rule: fork-shares
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge-private.*.forked
@@
identifier f = {copy_huge_non_present_pmd};
symbol entry, pmd, src_mm, addr, src_pmd;
@@
 f(...)
 {
 <...
 if (softleaf_is_device_private_write(entry)) {
 ...
-set_pmd_at(src_mm, addr, src_pmd, pmd);
 }
 ...>
 }
