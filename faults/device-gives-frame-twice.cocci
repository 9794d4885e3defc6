// SPDX-License-Identifier: GPL-2.0
// breaks: the driver hands out the same page frame twice
// claim: S3
// rule: freed-to-the-driver nothing-else-changes
// file: lib/test_hmm.c
// resembles: nothing known
// tests: coherent.rw.cpu-read.half-placed
// seen: check splat crash vm hang
@@
identifier f = {dmirror_devmem_alloc_page};
identifier init = {zone_device_page_init, zone_device_folio_init};
symbol dpage;
@@
 f(...)
 {
 <...
+{
+	static struct page *last;
+
+	if (!dmirror_is_private_zone(mdevice) && last && folio_mapped(page_folio(last)) && trylock_page(last)) {
+		unlock_page(last);
+		dpage = last;
+	}
+	last = dpage;
+}
 init(...);
 ...>
 }
