// SPDX-License-Identifier: GPL-2.0
// breaks: mincore() reports a hole of hugetlb memory that userfaultfd protects as resident
// claim: S1
// rule: reported-by-state
// file: mm/mincore.c
// history: mm: teach mincore_hugetlb about pte markers (not seen)
// source: Debian changelog of 6.1
// kernels: 6.1 7.3
// tests: hugetlb-watched.*.hole

@@
expression E;
@@
 mincore_hugetlb(...)
 {
 <...
(
- resident = !huge_pte_none(E) && !pte_is_marker(E);
+ resident = !huge_pte_none(E);
|
- present = pte && !huge_pte_none_mostly(E);
+ present = pte && !huge_pte_none(E);
)
 ...>
 }
