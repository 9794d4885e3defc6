// SPDX-License-Identifier: GPL-2.0
// breaks: a page on the private device that mprotect() made read-only can be written when it has come back
// claim: S5
// rule: protection-as-asked
// file: mm/mprotect.c
// resembles: nothing known
// tests: private.ro.cpu-read
@@
identifier f = {change_softleaf_pte, change_pte_range};
symbol entry, oldpte, newpte;
@@
 f(...)
 {
 <...
-entry = make_readable_device_private_entry(swp_offset(entry));
+entry = make_writable_device_private_entry(swp_offset(entry));
 ...>
 }
