// SPDX-License-Identifier: GPL-2.0
// breaks: what follows a part that mremap() moves away is not accounted as committed any more
// claim: S2
// rule: nothing-else-changes
// file: mm/mremap.c
// resembles: nothing known
// tests: mappings.*.remap-replaces
@@
identifier f = {unmap_source_vma};
symbol next;
@@
 f(...)
 {
 <...
-vma_set_flags(next, VMA_ACCOUNT_BIT);
 ...>
 }
