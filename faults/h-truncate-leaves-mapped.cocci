// SPDX-License-Identifier: GPL-2.0
// breaks: a large folio that cannot be split stays mapped
// claim: S2
// rule: legal-calls-work
// file: mm/truncate.c
// history: mm/truncate: unmap large folio on split failure (fa04f5b60fda)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 7.3
// tests: *
@@
identifier f = {folio_split_or_unmap};
identifier ret;
@@
 f(...)
 {
 <...
-if (ret && !shmem_mapping(...)) {
-	...
-}
 ...>
 }
