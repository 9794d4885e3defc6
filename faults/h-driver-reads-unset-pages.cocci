// SPDX-License-Identifier: GPL-2.0
// breaks: all pages of a range are mapped as exclusive, although not all could be made exclusive
// claim: S1
// rule: device-exclusive
// file: lib/test_hmm.c
// history: lib/test_hmm: avoid accessing uninitialized pages (ed913b055a74)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1
// tests: exclusive-meets.*.range-with-gap
// seen: check splat crash hang
@@
identifier f = {dmirror_exclusive};
expression ret, E;
identifier mapped;
expression list A;
@@
 f(...)
 {
 <...
-if (ret == (E >> PAGE_SHIFT))
-	mapped = dmirror_atomic_map(A);
+mapped = dmirror_atomic_map(A);
 ...>
 }
