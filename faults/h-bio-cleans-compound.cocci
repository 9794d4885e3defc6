// SPDX-License-Identifier: GPL-2.0
// breaks: huge pages are not marked dirty after a read
// claim: S7
// rule: bytes-arrive
// file: block/bio.c
// history: block: Remove special-casing of compound pages (1b151e2435fc)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: joined-buffers.huge.read-to-clean
@@
identifier f = {__bio_release_pages, bio_set_pages_dirty};
identifier fi;
@@
 f(...)
 {
 <...
-folio_mark_dirty(fi.folio);
+if (!folio_test_large(fi.folio))
+	folio_mark_dirty(fi.folio);
 ...>
 }

@@
identifier f = {bio_check_pages_dirty};
identifier fi, defer;
@@
 f(...)
 {
 <...
-if (!folio_test_dirty(fi.folio))
+if (!folio_test_dirty(fi.folio) && !folio_test_large(fi.folio))
 	goto defer;
 ...>
 }
