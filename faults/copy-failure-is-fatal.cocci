// SPDX-License-Identifier: GPL-2.0
// breaks: a write to a shared page ends in SIGBUS if there is no memory for the copy
// claim: S5 S3
// rule: failure-loses-nothing
// file: mm/memory.c
// resembles: nothing known
// tests: failures.coherent-rw.copy-on-write
@@
identifier f = wp_page_copy;
expression ret;
@@
 f(...)
 {
 <...
(
-ret = VM_FAULT_OOM;
+ret = VM_FAULT_SIGBUS;
|
-return VM_FAULT_OOM;
+return VM_FAULT_SIGBUS;
)
 ...>
 }
