// SPDX-License-Identifier: GPL-2.0
// breaks: move_pages(MPOL_MF_MOVE_ALL) moves pages that others map too for a caller without CAP_SYS_NICE
// claim: S9
// rule: rights
// file: mm/migrate.c
// resembles: nothing known
// tests: unprivileged.*.moved
@@
identifier f = {kernel_move_pages};
identifier flags;
statement S;
@@
 f(...)
 {
 <...
-if ((flags & MPOL_MF_MOVE_ALL) && !capable(...)) S
 ...>
 }
