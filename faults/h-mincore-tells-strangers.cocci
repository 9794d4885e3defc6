// SPDX-License-Identifier: GPL-2.0
// breaks: mincore() tells which pages of a file are in memory to who may only read it
// claim: S9
// rule: rights
// file: mm/mincore.c
// history: mm/mincore.c: make mincore() more conservative (134fca9063ad, CVE-2019-5489)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 6.1 7.3
// tests: unprivileged.*.asked-for-pages
@@
@@
 can_do_mincore(...)
 {
+	return true;
 ...
 }
