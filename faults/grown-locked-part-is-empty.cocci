// SPDX-License-Identifier: GPL-2.0
// breaks: locked memory that mremap() grows and moves is not filled in its new part
// claim: S2
// rule: locked-as-memory
// file: mm/mremap.c
// resembles: nothing known
// tests: mappings.*.remap-locked
@@
identifier f = {do_mremap};
symbol vrm;
@@
 f(...)
 {
 <...
-mm_populate(vrm->new_addr + vrm->old_len, vrm->delta);
+mm_populate(vrm->addr + vrm->old_len, vrm->delta);
 ...>
 }
