// SPDX-License-Identifier: GPL-2.0
// fixes: UFFDIO_COPY to a page behind the end of a shared file fails with EFAULT
// finding: uffdio-copy-behind-end
// kernels: 7.3
// file: mm/userfaultfd.c
// tests: uffd-fill.shared.behind-end
@@
identifier f = {__mfill_atomic_pte};
identifier folio;
expression E;
@@
 f(...)
 {
 ...
 folio = E;
-if (!folio)
-	return -ENOMEM;
+if (!folio)
+	return mfill_file_over_size(state->vma, dst_addr) ? -EFAULT : -ENOMEM;
 ...
 }
