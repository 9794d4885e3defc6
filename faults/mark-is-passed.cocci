// SPDX-License-Identifier: GPL-2.0
// breaks: an access to a guard region or to poison removes it and maps an empty page
// claim: S7
// rule: mark-stops
// file: mm/memory.c
// resembles: nothing known
// tests: marks.coherent-*.reached-by-kernel
@@
identifier f = {handle_pte_marker};
@@
 f(...)
 {
 <...
(
-return VM_FAULT_HWPOISON;
+return pte_marker_clear(vmf);
|
-return VM_FAULT_SIGSEGV;
+return pte_marker_clear(vmf);
)
 ...>
 }
