// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_WRITEPROTECT of a range with several mappings fails
// claim: S5
// rule: whole-range
// file: mm/userfaultfd.c
// history: mm/userfaultfd: support WP on multiple VMAs (a1b92a3f1457)
// source: upstream history; the loop is in the named kernel
// kernels: 7.3
// tests: whole-range.uffd-wp.two-mappings

@@
@@
 mwriteprotect_range(...)
 {
 <...
 if (!userfaultfd_wp(dst_vma)) {...}
+ if (dst_vma->vm_start > start || dst_vma->vm_end < end) {
+	err = -ENOENT;
+	break;
+ }
 ...>
 }
