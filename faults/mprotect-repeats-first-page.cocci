// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() of a large page of which some pages are shared maps the first page for each of its parts
// claim: S2
// rule: nothing-else-changes
// file: mm/mprotect.c
// resembles: nothing known
// tests: mixed-huge.*.read-only-and-back
@@
identifier f = {prot_commit_flush_ptes};
symbol ptent, idx;
@@
 f(...)
 {
 <...
-ptent = pte_advance_pfn(ptent, idx);
 ...>
 }
