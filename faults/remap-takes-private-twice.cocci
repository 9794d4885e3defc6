// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() duplicates private memory if the old size is 0
// claim: S2
// rule: remapped
// file: mm/mremap.c
// resembles: nothing known
// tests: mappings.*.remap-refused
@@
identifier f = {check_prep_vma, vma_to_resize};
statement S;
symbol old_len;
expression e;
@@
 f(...)
 {
 <...
-if (!old_len && !(e)) S
 ...>
 }
