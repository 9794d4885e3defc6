// SPDX-License-Identifier: GPL-2.0
// breaks: PAGEMAP_SCAN that stops early says that it came to the end of the range
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-runs.*.scanned
@@
identifier f = {do_pagemap_scan};
identifier p;
@@
 f(...)
 {
 <...
-if (!p.arg.walk_end) p.arg.walk_end = p.arg.end;
+p.arg.walk_end = p.arg.end;
 ...>
 }
