// SPDX-License-Identifier: GPL-2.0
// breaks: the copy that fork() makes of a pinned page for the child is not counted in its RSS
// claim: S3
// rule: kernel-survives
// file: mm/memory.c
// resembles: nothing known
// tests: orders.*.held-forked-parent-writes registered.*.ring-left-by-exit
// seen: check splat

@@
@@
 copy_present_page(...)
 {
 <...
- rss[MM_ANONPAGES]++;
 ...>
 }
