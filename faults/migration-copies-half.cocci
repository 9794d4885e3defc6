// SPDX-License-Identifier: GPL-2.0
// breaks: the second half of the pages of a migration to a device is zeroed; a single page is not
// claim: S2
// rule: migration-is-the-way-in nothing-else-changes bytes-arrive
// file: lib/test_hmm.c
// resembles: nothing known
// tests: long-ranges.*.to-and-fro coherent.rw.cpu-read.many
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
+	if (addr - args->start >= args->end - addr)
+		clear_highpage(rpage);
+	else
+		copy_highpage(rpage, spage);
+}
 else
	clear_highpage(rpage);
 ...>
 }
