// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() makes pages whose accesses userfaultfd watches (RWP) accessible without an event
// claim: S5
// rule: protection-as-asked
// file: mm/mprotect.c
// resembles: nothing known
// tests: uffd-access.*.mprotected
@@
identifier f = {change_present_ptes};
symbol ptent, vma;
@@
 f(...)
 {
 <...
-if (userfaultfd_rwp(vma) && pte_uffd(ptent))
-	ptent = pte_modify(ptent, PAGE_NONE);
 ...>
 }
