// SPDX-License-Identifier: GPL-2.0
// breaks: a direct read makes only the first folio of its buffer dirty
// claim: S3
// rule: dirty-outlives-mapping
// file: block/bio.c
// resembles: nothing known
// tests: joined-buffers.small.read-to-clean
@@
@@
 __bio_release_pages(...)
 {
 <...
 if (mark_dirty) {
 	...
+	mark_dirty = false;
 }
 ...>
 }
@@
@@
 bio_set_pages_dirty(...)
 {
 <...
 folio_unlock(...);
+break;
 ...>
 }
@@
@@
 bio_check_pages_dirty(...)
 {
 <...
-goto defer;
+{ if (bio->bi_iter.bi_idx == ~0U) goto defer; }
 ...>
 }
