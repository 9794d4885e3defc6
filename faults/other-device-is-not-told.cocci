// SPDX-License-Identifier: GPL-2.0
// breaks: a device is not told of a page that another device takes
// claim: S1
// rule: mirror-is-told
// file: lib/test_hmm.c
// resembles: nothing known
// tests: mirror-told.system.taken-by-other
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
