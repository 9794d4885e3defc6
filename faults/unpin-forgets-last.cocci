// SPDX-License-Identifier: GPL-2.0
// breaks: the last folio of a memfd that was pinned stays pinned
// claim: S7
// rule: memfd-is-pinned
// file: mm/gup.c
// resembles: nothing known
// tests: iommufd.*
@@
identifier f = {unpin_folios};
symbol i, j, nfolios;
@@
 f(...)
 {
 <...
-while (i < nfolios)
+while (i + 1 < nfolios)
 { ... }
 ...>
 }
