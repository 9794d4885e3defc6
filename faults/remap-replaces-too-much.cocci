// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() unmaps a page behind its target
// claim: S2
// rule: remapped
// file: mm/mremap.c
// resembles: nothing known
// tests: mappings.*.remap-replaces
@@
identifier f =~ "^(mremap_to|vrm_move_only)$";
symbol mm, vrm, new_addr, new_len;
expression list;
@@
 f(...)
 {
 <...
(
-do_munmap(mm, vrm->new_addr, vrm->new_len, list)
+do_munmap(mm, vrm->new_addr, vrm->new_len + PAGE_SIZE, list)
|
-do_munmap(mm, new_addr, new_len, list)
+do_munmap(mm, new_addr, new_len + PAGE_SIZE, list)
)
 ...>
 }
