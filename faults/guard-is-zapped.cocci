// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_DONTNEED removes guard regions
// claim: S5
// rule: mark-is-kept
// file: mm/memory.c
// resembles: nothing known
// tests: marks.*-guard.protected-and-zapped
@@
identifier f = {zap_nonpresent_ptes};
@@
 f(...)
 {
 <...
-if (!zap_drop_markers(details))
-	return 1;
 ...>
 }
