// SPDX-License-Identifier: GPL-2.0
// breaks: the end of the registration leaves pages as UFFDIO_RWPROTECT has protected them
// claim: S5
// rule: monitor-lets-go
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-access.*.unregistered

@@
@@
 userfaultfd_clear_vma(...)
 {
 <...
- mm_cp_flags |= MM_CP_UFFD_RWP_RESOLVE;
+ { }
 ...>
 }
