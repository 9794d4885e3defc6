// SPDX-License-Identifier: GPL-2.0
// breaks: an unexpected reference count returns EINVAL instead of EAGAIN
// claim: S2
// rule: collapse-by-state
// file: mm/khugepaged.c
// history: mm/MADV_COLLAPSE: set EAGAIN on unexpected page refcount (ae63c898f400)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: collapse-states.referenced.by-advice
@@
identifier f = {madvise_collapse_errno};
identifier r;
@@
 f(enum scan_result r)
 {
+	if (r == SCAN_PAGE_COUNT)
+		return -EINVAL;
 	...
 }
