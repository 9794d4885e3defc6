// SPDX-License-Identifier: GPL-2.0
// breaks: a FOLL_FORCE write changes a shared page in place
// claim: S5
// rule: force-breaks-cow nobody-sees-the-other
// file: mm/gup.c
// resembles: CVE-2016-5195 (19be0eaffa3a, mm: remove gup_flags FOLL_WRITE games from __get_user_pages())
// tests: coherent.*.ptrace-poke coherent.*.mem-write
@@
identifier f = {can_follow_write_pte, can_follow_write_common};
expression page;
@@
 f(...)
 {
 <...
-PageAnonExclusive(page)
+1
 ...>
 }
