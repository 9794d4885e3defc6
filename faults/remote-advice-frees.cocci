// SPDX-License-Identifier: GPL-2.0
// breaks: process_madvise() permits advice that frees pages of another process
// claim: S2
// rule: hints-from-outside
// file: mm/madvise.c
// resembles: nothing known
// tests: advised.*.orders
@@
identifier f = {process_madvise_behavior_valid, process_madvise_remote_valid};
@@
 f(...)
 {
 <...
-return false;
+return true;
 ...>
 }
