// SPDX-License-Identifier: GPL-2.0
// breaks: the scan of NUMA balancing takes the permission of device pages away
// claim: S1
// rule: balancing-passes-over
// file: mm/mprotect.c mm/mempolicy.c
// resembles: nothing known
// tests: balancing.scanned
@@
identifier f = {change_pte_range, folio_can_map_prot_numa};
expression p;
@@
 f(...)
 {
 <...
(
-!p || is_zone_device_page(p) || PageKsm(p)
+!p || PageKsm(p)
|
-!p || folio_is_zone_device(p) || folio_test_ksm(p)
+!p || folio_test_ksm(p)
)
 ...>
 }
