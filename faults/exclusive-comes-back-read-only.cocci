// SPDX-License-Identifier: GPL-2.0
// breaks: the end of exclusive access maps the page read-only
// claim: S1
// rule: device-exclusive nothing-else-changes
// file: mm/memory.c
// resembles: nothing known
// tests: devices.coherent-rw.exclusive-access
@@
identifier f = {restore_exclusive_pte};
expression E;
@@
 f(...)
 {
 <...
(
-is_writable_device_exclusive_entry(E)
+0
|
-can_change_pte_writable(...)
+0
)
 ...>
 }
