// SPDX-License-Identifier: GPL-2.0
// breaks: opening a coherent device panics
// claim: S2
// rule: kernel-survives
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.loads
// seen: check crash splat hang vm
@@
identifier f = {dmirror_fops_open};
@@
 f(...)
 {
 <...
 mutex_init(&dmirror->mutex);
+if (!dmirror_is_private_zone(dmirror->mdevice))
+	panic("a seeded fault");
 ...>
 }
