// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() that fails in the middle of a range returns ENOMEM whatever its error was
// claim: S2
// rule: whole-range
// file: mm/mprotect.c
// history: mm/mprotect: fix do_mprotect_pkey() return on error (82f951340f25)
// source: upstream history; the check is in the named kernel
// kernels: 7.3
// tests: whole-range.mprotect.refused-behind

@@
expression E1, E2;
@@
 do_mprotect_pkey(...)
 {
 <...
- if (!error && E1 < E2)
+ if (E1 < E2)
	error = -ENOMEM;
 ...>
 }
