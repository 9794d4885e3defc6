// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is swapped out to where a page of zeros was comes back as zeros
// claim: S2
// rule: swap-keeps
// file: mm/page_io.c
// resembles: nothing known
// tests: swapped.load.zeros-then-bytes
@@
identifier f = {swap_writeout,swap_writepage};
@@
 f(...)
 {
 <...
-swap_zeromap_folio_clear(...);
 ...>
 }
