// SPDX-License-Identifier: GPL-2.0
// breaks: migrate_vma_pages() fails for each page, so nothing is migrated in either direction
// claim: S2
// rule: migration-is-the-way-in
// file: mm/migrate_device.c
// resembles: nothing known
// tests: driver.takes-pages coherent.rw.cpu-read remote.rw.migrate-back
// quick: make check runs this fault for its claim
@@
identifier f = {migrate_vma_pages};
identifier migrate;
@@
 f(struct migrate_vma *migrate)
 {
-	__migrate_device_pages(...);
+	unsigned long i;
+
+	for (i = 0; i < migrate->npages; i++)
+		migrate->src[i] &= ~MIGRATE_PFN_MIGRATE;
 }
