// SPDX-License-Identifier: GPL-2.0
// breaks: adjacent mappings of different memory policies become one
// claim: S2
// rule: mappings-join
// file: mm/vma.c
// resembles: nothing known
// tests: mappings.*.differ-in-policy
@@
identifier f = {is_mergeable_vma};
statement S;
@@
 f(...)
 {
 <...
-if (!mpol_equal(...)) S
 ...>
 }
@@
identifier f = {anon_vma_compatible};
statement S;
@@
 f(...)
 {
 <...
-if (!mpol_equal(...)) S
 ...>
 }
