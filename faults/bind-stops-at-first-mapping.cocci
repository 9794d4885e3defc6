// SPDX-License-Identifier: GPL-2.0
// breaks: mbind() of a range with two mappings sets the policy of the first and returns success
// claim: S2
// rule: whole-range
// file: mm/mempolicy.c
// resembles: nothing known
// tests: whole-range.mbind.two-mappings whole-range.mbind.inside

@@
@@
 do_mbind(...)
 {
 <...
 err = mbind_range(...);
- if (err)
-	break;
+ break;
 ...>
 }
