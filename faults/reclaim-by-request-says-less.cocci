// SPDX-License-Identifier: GPL-2.0
// breaks: a write to memory.reclaim fails with EAGAIN although as much was reclaimed as was asked for
// claim: S3
// rule: accounts-return
// file: mm/vmscan.c
// resembles: nothing known
// tests: accounts.*.swap-charge
@@
@@
 user_proactive_reclaim(...)
 {
 <...
-nr_reclaimed += reclaimed;
+nr_reclaimed += reclaimed / 2;
 ...>
 }
