// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_RWPROTECT of a range that is registered in part protects that part
// claim: S2
// rule: range-to-watch
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-access.coherent.wrong-ranges

@@
@@
 mrwprotect_range(...)
 {
 <...
 if (!userfaultfd_rwp(dst_vma))
-	return -ENOENT;
+	continue;
 ...>
 }
