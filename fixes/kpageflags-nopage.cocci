// SPDX-License-Identifier: GPL-2.0
// fixes: kpageflags says KPF_NOPAGE for a frame without a page again
// finding: kpageflags-nopage
// kernels: 7.3
// file: fs/proc/page.c
@@
identifier f = kpage_read;
statement S;
@@
 f(...)
 {
 <...
 if (page) S
 else
-	info = 0;
+	info = op == KPAGE_FLAGS ? 1 << KPF_NOPAGE : 0;
 ...>
 }
