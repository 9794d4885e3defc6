// SPDX-License-Identifier: GPL-2.0
// breaks: a caller without CAP_SYS_PTRACE gets the userfaultfds of children by UFFD_FEATURE_EVENT_FORK
// claim: S9
// rule: rights
// file: mm/userfaultfd.c fs/userfaultfd.c
// history: userfaultfd: require CAP_SYS_PTRACE for UFFD_FEATURE_EVENT_FORK (3c1c24d91ffd)
// source: Debian's changelog of linux; the commit from memory
// kernels: 6.1 7.3
// tests: unprivileged.*.told-of-forks
@@
@@
 userfaultfd_api(...)
 {
 <...
-(features & UFFD_FEATURE_EVENT_FORK) && !capable(CAP_SYS_PTRACE)
+0
 ...>
 }
