// SPDX-License-Identifier: GPL-2.0
// breaks: move_pages() without nodes shifts the results behind the first 16 pages by one
// claim: S1
// rule: nodes-pass-over
// file: mm/migrate.c
// resembles: nothing known
// tests: long-ranges.coherent.asked-for-nodes

@@
expression E1, E2, E3;
@@
 do_pages_stat(...)
 {
 <...
- copy_from_user(E1, pages + chunk_offset, E3)
+ copy_from_user(E1, pages + chunk_offset - !!chunk_offset, E3)
 ...>
 }
