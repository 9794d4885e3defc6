// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() of a range whose end is not mapped returns success
// claim: S2
// rule: whole-range
// file: mm/mprotect.c
// history: mm/mprotect: fix do_mprotect_pkey() limit check (77795f900e2a)
// source: upstream history; the check is in the named kernel
// kernels: 7.3
// tests: whole-range.mprotect.gap-behind

@@
expression E1, E2;
@@
 do_mprotect_pkey(...)
 {
 <...
- if (!error && E1 < E2)
-	error = -ENOMEM;
 ...>
 }
