// SPDX-License-Identifier: GPL-2.0
// breaks: the driver oopses when it is loaded
// claim: S2
// rule: driver-loads kernel-survives
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.loads
// seen: check crash vm splat hang
@@
identifier f = {hmm_dmirror_init};
@@
 f(...)
 {
 ...
+BUG_ON(spm_addr_dev0 && spm_addr_dev1);
 ret = alloc_chrdev_region(...);
 ...
 }
