// SPDX-License-Identifier: GPL-2.0
// breaks: opening a coherent device oopses
// claim: S2
// rule: kernel-survives
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.loads coherent.rw.cpu-read
// seen: check crash splat hang vm
@@
identifier f = {dmirror_fops_open};
@@
 f(...)
 {
 <...
 mutex_init(&dmirror->mutex);
+BUG_ON(!dmirror_is_private_zone(dmirror->mdevice));
 ...>
 }
