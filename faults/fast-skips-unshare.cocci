// SPDX-License-Identifier: GPL-2.0
// breaks: GUP-fast takes FOLL_PIN references to shared pages without unsharing them
// claim: S6 S9
// rule: pin-unshares
// file: mm/gup.c
// resembles: a7f226604170 (mm/gup: trigger FAULT_FLAG_UNSHARE when R/O-pinning a possibly shared anonymous page) partly reverted
// tests: coherent.cow-shared.pin-fast-read
@@
identifier f = {gup_pte_range, gup_fast_pte_range};
expression list args;
@@
 f(...)
 {
 <...
-gup_must_unshare(args)
+false
 ...>
 }
