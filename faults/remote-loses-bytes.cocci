// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is migrated to the second coherent device is zeroed; the others are right
// claim: S2
// rule: migration-is-the-way-in nothing-else-changes bytes-arrive
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.takes-pages remote.rw.cpu-read long-ranges.remote.to-and-fro
@@
identifier f = {dmirror_migrate_alloc_and_copy};
identifier rpage, spage;
@@
 f(...)
 {
 <...
 if (spage)
-	copy_highpage(rpage, spage);
+{
+	if (MINOR(dmirror->mdevice->device.devt) == 3)
+		clear_highpage(rpage);
+	else
+		copy_highpage(rpage, spage);
+}
 else
	clear_highpage(rpage);
 ...>
 }
