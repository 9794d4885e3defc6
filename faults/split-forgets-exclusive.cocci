// SPDX-License-Identifier: GPL-2.0
// breaks: the parts of a huge page whose mapping is split are not exclusive any more
// claim: S3 S7
// rule: exclusive-is-reused
// file: mm/huge_memory.c
// resembles: nothing known
// tests: mixed-huge.*.read-only-and-back
@@
identifier f = {__split_huge_pmd_locked};
symbol anon_exclusive, rmap_flags;
@@
 f(...)
 {
 <...
-if (anon_exclusive)
-	rmap_flags |= RMAP_EXCLUSIVE;
 ...>
 }
