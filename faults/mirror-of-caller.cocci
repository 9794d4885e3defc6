// SPDX-License-Identifier: GPL-2.0
// breaks: the device file migrates the memory of the calling process
// claim: S2
// rule: mirror-of-opener
// file: lib/test_hmm.c
// resembles: nothing known
// tests: devices.coherent-rw.inherited-file
@@
identifier f = {dmirror_migrate_to_device};
symbol dmirror;
@@
 f(...)
 {
 <...
-dmirror->notifier.mm
+current->mm
 ...>
 }
