// SPDX-License-Identifier: GPL-2.0
// breaks: closing a userfaultfd leaves write protection in the page table
// claim: S5
// rule: uffd-wp-stops-writes
// file: fs/userfaultfd.c
// history: mm/userfaultfd: reset ptes when close() for wr-protected ones (c88033efe9a3, CVE-2024-36881)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1
// tests: monitor.*.closed
@@
identifier f = {userfaultfd_release};
expression vma;
@@
 f(...)
 {
 <...
-if (userfaultfd_wp(vma))
-	uffd_wp_range(...);
 ...>
 }
