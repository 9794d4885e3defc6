// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() of a range with two mappings changes the first and returns success
// claim: S5
// rule: whole-range
// file: mm/mprotect.c
// resembles: nothing known
// tests: whole-range.mprotect.two-mappings

@@
@@
 do_mprotect_pkey(...)
 {
 <...
 nstart = tmp;
+ if (nstart < end) {
+	tmp = end;
+	break;
+ }
 prot = reqprot;
 ...>
 }
