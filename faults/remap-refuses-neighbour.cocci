// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() to the place right behind the memory fails with EINVAL
// claim: S2
// rule: legal-calls-work
// file: mm/mremap.c
// resembles: nothing known
// tests: mappings.*.remap-beside
@@
identifier f = {vrm_overlaps};
symbol end_old, start_new, end_new, start_old;
@@
 f(...)
 {
 <...
-end_old > start_new
+end_old >= start_new
 ...>
 }
