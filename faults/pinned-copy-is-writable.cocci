// SPDX-License-Identifier: GPL-2.0
// breaks: the child's copy of a page that the parent has pinned is writable in a read-only mapping
// claim: S5
// rule: write-needs-vm-write
// file: mm/memory.c
// resembles: nothing known
// tests: fixed-buffers.*.copied-read-only
@old@
@@
 page_add_new_anon_rmap(...)

@depends on old@
identifier f = {copy_present_page};
expression E, V;
@@
 f(...)
 {
 <...
-maybe_mkwrite(E, V)
+pte_mkwrite(E)
 ...>
 }

@depends on !old@
identifier f = {copy_present_page};
expression E, V;
@@
 f(...)
 {
 <...
-maybe_mkwrite(E, V)
+pte_mkwrite(E, V)
 ...>
 }
