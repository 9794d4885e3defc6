// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page of a file is mapped by a PMD, whatever was advised
// claim: S2
// rule: legal-calls-work
// file: mm/memory.c
// history: mm: don't install PMD mappings when THPs are disabled by the hw/process/vma (2b0f922323cc)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: huge-shared.huge.second-mapping
@@
identifier f = {do_set_pmd};
expression E;
@@
 f(...)
 {
 <...
-if (thp_disabled_by_hw() || vma_thp_disabled(...))
-	return E;
 ...>
 }
