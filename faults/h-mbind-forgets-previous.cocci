// SPDX-License-Identifier: GPL-2.0
// breaks: the previous mapping is not updated if the policy is unchanged
// claim: S2
// rule: mappings-join
// file: mm/mempolicy.c
// history: mm/mempolicy: correctly update prev when policy is equal on mbind (00ca0f2e86bf)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: mappings.*.bound-across-parts
@@
identifier f = {mbind_range};
expression prev, vma;
@@
 f(...)
 {
 <...
 if (mpol_equal(...)) {
-	*prev = vma;
 	return 0;
 }
 ...>
 }
