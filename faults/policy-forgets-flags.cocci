// SPDX-License-Identifier: GPL-2.0
// breaks: get_mempolicy() does not return the flags of the mode
// claim: S1
// rule: policy-is-shown
// file: mm/mempolicy.c
// resembles: nothing known
// tests: mappings.*.policy-is-told
@@
expression pol;
@@
 do_get_mempolicy(...)
 {
 <...
- *policy |= (pol->flags & MPOL_MODE_FLAGS);
 ...>
 }
