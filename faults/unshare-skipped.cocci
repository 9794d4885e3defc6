// SPDX-License-Identifier: GPL-2.0
// breaks: FOLL_PIN for reading takes a reference to a shared page without unsharing it
// claim: S7
// rule: pin-unshares
// file: mm/gup.c
// resembles: a7f226604170 (mm/gup: trigger FAULT_FLAG_UNSHARE when R/O-pinning a possibly shared anonymous page) reverted
// tests: coherent.cow-shared.pin-slow-read coherent.cow-shared.pin-fast-read coherent.cow-shared.vm-read
@@
expression list args;
@@
-	gup_must_unshare(args)
+	false
