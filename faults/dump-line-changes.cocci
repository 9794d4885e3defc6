// SPDX-License-Identifier: GPL-2.0
// breaks: dump_page() prints 'pg:' instead of 'page:', which the suite cannot parse
// claim: S2
// rule: observers-agree
// file: mm/debug.c
// resembles: nothing known
// tests: coherent.cow-shared.cpu-read
// seen: broken
@@
expression list args;
@@
(
-pr_warn("page:%p refcount:%d mapcount:%d mapping:%p index:%#lx pfn:%#lx\n", args)
+pr_warn("pg:%p refcount:%d mapcount:%d mapping:%p index:%#lx pfn:%#lx\n", args)
|
-pr_warn("page: refcount:%d mapcount:%d mapping:%p index:%#lx pfn:%#lx\n", args)
+pr_warn("pg: refcount:%d mapcount:%d mapping:%p index:%#lx pfn:%#lx\n", args)
)
