// SPDX-License-Identifier: GPL-2.0
// breaks: SwapCached of /proc/meminfo does not fall when a page leaves the swap cache
// claim: S3
// rule: accounts-return
// file: mm/swap_state.c
// resembles: nothing known
// tests: *
@@
expression a, b;
@@
 __swap_cache_del_folio(...)
 {
 <...
-lruvec_stat_mod_folio(a, NR_SWAPCACHE, b);
 ...>
 }
