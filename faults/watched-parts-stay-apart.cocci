// SPDX-License-Identifier: GPL-2.0
// breaks: adjacent mappings that one userfaultfd watches are not merged
// claim: S2
// rule: mappings-join
// file: mm/vma.c
// resembles: nothing known
// tests: mappings.*.watched-in-parts
@@
identifier f = {vma_modify_flags_uffd};
symbol vmg, new_ctx;
@@
 f(...)
 {
 <...
-vmg.uffd_ctx = new_ctx;
 ...>
 }
