// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_COPY with write protection does not protect a page of read-only memory
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/userfaultfd.c
// history: userfaultfd: mark uffd_wp regardless of VM_WRITE flag (0e88904cb700)
// source: Debian's changelog of linux; the commit from memory
// kernels: 7.3
// tests: uffd-fill.*.copied-protected-read-only
@@
@@
 mfill_atomic_install_pte(...)
 {
 <...
-if (flags & MFILL_ATOMIC_WP)
+if (writable && (flags & MFILL_ATOMIC_WP))
 	_dst_pte = pte_mkuffd(_dst_pte);
 ...>
 }
