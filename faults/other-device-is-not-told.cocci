// SPDX-License-Identifier: GPL-2.0
// breaks: a device is not told of a page that another device takes
// claim: S2
// rule: device-reads-the-same
// file: lib/test_hmm.c
// resembles: nothing known
// tests: coherent.*
@@
identifier f = {dmirror_interval_invalidate};
identifier range, dmirror;
@@
 f(...)
 {
 <...
-range->event == MMU_NOTIFY_MIGRATE && range->owner == dmirror->mdevice
+range->event == MMU_NOTIFY_MIGRATE
 ...>
 }
