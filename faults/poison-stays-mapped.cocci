// SPDX-License-Identifier: GPL-2.0
// breaks: a page with a hardware error stays mapped
// claim: S2
// rule: poison-is-not-read
// file: mm/memory-failure.c
// resembles: nothing known
// tests: hwpoison.coherent-rw.neighbour hwpoison.system-rw.neighbour
@@
@@
-!hwpoison_user_mappings(...)
+0
