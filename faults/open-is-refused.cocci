// SPDX-License-Identifier: GPL-2.0
// breaks: a coherent device of the driver cannot be opened, although it exists
// claim: S2
// rule: driver-loads
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.loads devices.* coherent.rw.cpu-read
@@
identifier f = {dmirror_fops_open};
@@
 f(...)
 {
 <...
 xa_init(&dmirror->pt);
+if (!dmirror_is_private_zone(dmirror->mdevice)) {
+	kfree(dmirror);
+	return -EINVAL;
+}
 ...>
 }
