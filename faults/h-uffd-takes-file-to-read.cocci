// SPDX-License-Identifier: GPL-2.0
// breaks: userfaultfd takes a mapping of a file that is only open for reading
// claim: S2
// rule: range-to-watch
// file: mm/userfaultfd.c fs/userfaultfd.c
// history: userfaultfd: shmem/hugetlbfs: only allow to register VM_MAYWRITE vmas (29ec90660d68, CVE-2018-18397)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1
// tests: uffd-ranges.for-reading.registration
@@
statement S;
symbol cur;
@@
-if (unlikely(!(cur->vm_flags & VM_MAYWRITE))) S
