// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim frees a page with MADV_FREE although others hold references to it
// claim: S7
// rule: pin-follows-owner
// file: mm/rmap.c
// history: mm: fix race between MADV_FREE reclaim and blkdev direct IO read (6c8e2a256915)
// source: upstream history; the check is in the named kernels
// kernels: 6.1 7.3
// tests: swapped.load.freed-while-held

@@
expression E1, E2;
@@
 ttu_anon_lazyfree_folio(...)
 {
 <...
- if (E1 != 1 + E2)
-	return false;
 ...>
 }

@@
expression E1, E2, E3;
@@
 try_to_unmap_one(...)
 {
 <...
- if (E1 == 1 + E2 && E3)
+ if (E3)
 {...}
 ...>
 }
