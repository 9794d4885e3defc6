// SPDX-License-Identifier: GPL-2.0
// breaks: the parts of a protected huge page whose mapping is split are not protected any more
// claim: S5
// rule: protection-as-asked
// file: mm/huge_memory.c
// resembles: nothing known
// tests: soft-dirty.*.split-when-protected
@@
identifier f = {__split_huge_pmd_locked};
symbol old_pmd, uffd_wp;
@@
 f(...)
 {
 <...
(
-uffd_wp = pmd_uffd(old_pmd);
|
-uffd_wp = pmd_uffd_wp(old_pmd);
)
 ...>
 }
