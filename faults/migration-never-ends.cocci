// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a coherent device never returns
// claim: S2
// rule: kernel-survives
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.takes-pages
// seen: check crash splat hang vm
@@
identifier f = {dmirror_migrate_to_device};
identifier dmirror;
@@
 f(struct dmirror *dmirror, ...)
 {
 <...
 mmap_read_lock(mm);
+while (!dmirror_is_private_zone(dmirror->mdevice))
+	cond_resched();
 ...>
 }
