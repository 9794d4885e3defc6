// SPDX-License-Identifier: GPL-2.0
// breaks: process_vm_writev() does not make the pages dirty that it writes
// claim: S7
// rule: debugger-in-range
// file: mm/process_vm_access.c
// resembles: nothing known
// tests: *
@@
expression a, b, c;
@@
-unpin_user_pages_dirty_lock(a, b, c)
+unpin_user_pages_dirty_lock(a, b, false)
