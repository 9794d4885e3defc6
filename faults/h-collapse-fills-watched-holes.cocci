// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE fills holes of shared memory although a userfaultfd waits for them
// claim: S2
// rule: monitor-fills
// file: mm/khugepaged.c
// history: mm/khugepaged: skip shmem with userfaultfd (d59ebc8047)
// source: upstream history, the id may be wrong; the check is in the named kernel
// kernels: 7.3
// tests: collapse-shared.watched-hole

@@
@@
 collapse_file(...)
 {
 <...
- userfaultfd_missing(vma)
+ false
 ...>
 }
